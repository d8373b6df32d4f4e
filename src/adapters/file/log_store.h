#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "adapters/file/log_record.h"
#include "base/mutex.h"
#include "ports/log_store.h"

namespace waybill {

/// Logs in a directory: DIRECTORY/SHARD/TASK/ATTEMPT.log, the shard being the id's last two digits.
/// A file is a row of records, each with its length, time, stream and checksum; what a crash left
/// half written at the end is passed over. Not synced to disk: the output of a run that a power
/// failure ended may lack its last seconds. Thread-safe.
class FileLogStore final : public LogStore {
 public:
  /// The directory is made when the first log is.
  explicit FileLogStore(std::string directory) : directory_(std::move(directory)) {}

  Status append(const Uuid& task, const LogChunk& chunk) override;
  /// What a crash left half written at the end is cut off first.
  Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                    std::optional<std::uint64_t> before) override;
  Result<LogPage> read(const Uuid& task, const std::string& cursor,
                       std::size_t limit_bytes) override;
  Status remove(const Uuid& task) override;
  Result<LoggedTasks> logged(const std::string& cursor) override;

 private:
  using Attempt = std::pair<Uuid, std::uint32_t>;

  std::string directory_of(const Uuid& task) const;
  LogLength known_length(const Attempt& attempt) const;
  void note_length(const Attempt& attempt, LogLength length);

  const std::string directory_;
  mutable Mutex mutex_;
  std::map<Attempt, LogLength> lengths_ GUARDED_BY(mutex_);  // of those written to of late
};

}  // namespace waybill
