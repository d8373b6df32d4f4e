#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view collection_gist_spec_schema();

/// The id of a gist by itself or by its URL, whose last path element it is.
std::optional<std::string> gist_id(std::string_view text);

/// Kinds `collection.fromGist` and `gist.createCollection`: the URLs in a gist's urls.txt become a
/// collection, which its collection.json describes. In one step, which task_mgmt's clients know:
/// "creating collection".
class GistCollectionKind final : public TaskKind {
 public:
  /// Without a desk that has collections to refuse what can never run, and no more; it outlives the
  /// kind.
  explicit GistCollectionKind(std::string_view name, ArchiveDesk* desk = nullptr)
      : name_(name), desk_(desk) {}

  std::string_view name() const override { return name_; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return collection_gist_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::string name_;
  ArchiveDesk* const desk_;
};

}  // namespace waybill
