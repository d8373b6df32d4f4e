#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "base/time.h"
#include "ports/clock.h"

namespace waybill {

/// Removes the half-written files that killed writers have left in directories of a bucket: regular
/// files whose name begins with kUnfinishedPrefix and that nobody has written to for a day.
/// Thread-safe.
class Leftovers {
 public:
  explicit Leftovers(Clock& clock) : clock_(clock) {}

  /// Looks through a directory, unless it has done so within the last day; `path` is for people.
  /// What cannot be removed is logged and left: it is no object, and harms nobody.
  void sweep(const FileDescriptor& directory, const std::string& path);

 private:
  bool is_due(const FileDescriptor& directory, SteadyTime now);

  Clock& clock_;
  Mutex mutex_;
  // By device and inode.
  std::map<std::pair<std::uint64_t, std::uint64_t>, SteadyTime> swept_ GUARDED_BY(mutex_);
};

}  // namespace waybill
