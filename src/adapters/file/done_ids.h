#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/file_descriptor.h"
#include "base/mutex.h"
#include "base/time.h"
#include "core/recent_ids.h"
#include "ports/clock.h"
#include "ports/done_ids.h"

namespace waybill {

struct FileDoneIdsOptions {
  Duration window = std::chrono::hours(24);
  std::size_t count_max = 1'000'000;  ///< the oldest are forgotten first; 57 bytes each on disk
};

/// Ids of done messages in a file: a line of microseconds since 1970 and a UUID made of the id for
/// each, in the order in which they were done. On disk when add() returns. Several processes may
/// share it: appends are locked (flock), and each reads what the others wrote. It is written anew
/// when most of it is older than the window. What a crash left half written is passed over.
/// Thread-safe; the clock outlives it.
class FileDoneIds final : public DoneIds {
 public:
  /// Makes the file if it is not there; its directory must be.
  static Result<std::unique_ptr<FileDoneIds>> open(std::string path, Clock& clock,
                                                   const FileDoneIdsOptions& options);
  /// For open().
  FileDoneIds(std::string path, Clock& clock, const FileDoneIdsOptions& options);

  Result<bool> contains(const std::string& id) override;
  Status add(const std::string& id) override;

 private:
  /// Reads what was written since, by anyone; opens the file again if it was replaced.
  Status refresh() REQUIRES(mutex_);
  Status read_lines() REQUIRES(mutex_);
  Status append(const std::string& line) REQUIRES(mutex_);
  /// Writes a new file of what is still wanted, when that is little of it. The lock is held.
  Status shrink() REQUIRES(mutex_);

  const std::string path_;
  Clock& clock_;
  const FileDoneIdsOptions options_;
  Mutex mutex_;
  FileDescriptor file_ GUARDED_BY(mutex_);
  std::int64_t read_to_ GUARDED_BY(mutex_) = 0;
  std::optional<RecentIds> ids_ GUARDED_BY(mutex_);
};

}  // namespace waybill
