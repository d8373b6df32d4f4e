#pragma once

#include <map>
#include <string>

#include "base/result.h"
#include "core/task.h"
#include "ports/collection_store.h"

namespace waybill {

/// Which dumps were told as new, and by which task: a collection that stands for the place where
/// they are listed.
class SourceMemory {
 public:
  /// Reads it, or makes it. The store outlives it.
  static Result<SourceMemory> open(CollectionStore& store, const Task& task,
                                   const std::string& listed_at, Time now);

  /// By another task: this one tells again what it told before it was cut off.
  bool is_known(const std::string& url) const;
  /// From now on.
  Status remember(std::span<const CollectionItem> dumps);

 private:
  SourceMemory(CollectionStore& store, std::string mark) : store_(&store), mark_(std::move(mark)) {}

  CollectionStore* store_;
  std::string mark_;  // of this task
  Uuid collection_;
  std::map<std::string, std::string> marks_;  // by URL
};

}  // namespace waybill
