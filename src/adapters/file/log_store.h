#pragma once

#include <cstdint>
#include <string>
#include <vector>

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
  Result<LogPage> read(const Uuid& task, const std::string& cursor,
                       std::size_t limit_bytes) override;
  Status remove(const Uuid& task) override;
  Result<LoggedTasks> logged(const std::string& cursor) override;

 private:
  std::string directory_of(const Uuid& task) const;

  const std::string directory_;
};

}  // namespace waybill
