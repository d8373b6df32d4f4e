#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

enum class LogStream : std::uint8_t { out, err, system };
/// "stdout", "stderr" or "system".
std::string_view to_string(LogStream stream);

/// A piece of an attempt's output, in the order in which it was written.
struct LogChunk {
  std::uint32_t attempt = 1;
  Time at{};
  LogStream stream = LogStream::out;
  std::string bytes;
};
struct LogPage {
  std::vector<LogChunk> chunks;
  std::string next_cursor;  ///< to go on from here, also later, when more has come
};
struct LoggedTasks {
  std::vector<Uuid> ids;
  std::string next_cursor;  ///< empty: that was all
};

/// Where the output of tasks goes. Thread-safe across tasks; one writer for each attempt.
class LogSink {
 public:
  virtual ~LogSink() = default;
  virtual Status append(const Uuid& task, const LogChunk& chunk) = 0;
};

/// The output of tasks, per attempt. Thread-safe likewise.
class LogStore : public LogSink {
 public:
  /// Several pieces of one attempt (empty ones count for nothing): all, or an error and none.
  /// `before` is how many the attempt's only writer had written before these: those of them that
  /// are there, because the answer was lost or a crash came in between, are not written again.
  /// Without `before` it is not safe to repeat.
  virtual Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                            std::optional<std::uint64_t> before) = 0;
  /// From `cursor` (empty: the beginning) at most about `limit_bytes`, over all attempts in order.
  /// A task without output gives an empty page. `invalid_argument` for a cursor that is not ours.
  virtual Result<LogPage> read(const Uuid& task, const std::string& cursor,
                               std::size_t limit_bytes) = 0;
  /// Fine if there is none.
  virtual Status remove(const Uuid& task) = 0;
  /// Some of the tasks that have logs, from `cursor` on (empty: the beginning); each that has one
  /// all the while is given once. `invalid_argument` for a cursor that is not ours.
  virtual Result<LoggedTasks> logged(const std::string& cursor) = 0;
};

}  // namespace waybill
