#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "base/mutex.h"
#include "ports/log_store.h"

namespace waybill::postgres {

/// Logs in the table log_chunks, which every server of a ledger can read: none needs a directory
/// that all share. What many tasks write at once goes in together. A commit doesn't wait for the
/// disk: when the database's machine fails, the output of what ran then may lack its last moments;
/// that of a task whose end is in the ledger lacks nothing. When an answer is lost on its way, the
/// end of the log tells whether its pieces are there. Thread-safe.
class PostgresLogStore final : public LogStore {
 public:
  /// `database` outlives it.
  explicit PostgresLogStore(Database& database) : database_(database) {}

  /// `invalid_argument`: a chunk of more than kLogChunkBytesMax.
  Status append(const Uuid& task, const LogChunk& chunk) override;
  /// Several pieces of one attempt (empty ones count for nothing): all, or an error and none.
  /// `before` is how many the attempt's only writer had written before these: those of them that
  /// are there already are not written again. Without it a call is not safe to repeat.
  Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                    std::optional<std::uint64_t> before) override;
  Result<LogPage> read(const Uuid& task, const std::string& cursor,
                       std::size_t limit_bytes) override;
  Status remove(const Uuid& task) override;
  Result<LoggedTasks> logged(const std::string& cursor) override;

 private:
  /// What a caller waits for, on its stack; under mutex_.
  struct Waiting {
    Uuid task;
    std::vector<const LogChunk*> chunks;
    std::size_t bytes = 0;
    std::optional<std::uint64_t> before;
    bool is_done = false;
    Status answer{};
  };

  /// The longest waiting, of each attempt one.
  std::vector<Waiting*> take_group() REQUIRES(mutex_);
  std::vector<Status> write(const std::vector<Waiting*>& group);
  Status put(const std::vector<Waiting*>& group);
  /// After the answer was lost: what has not arrived is put again.
  Status put_again(Waiting& one);
  Result<bool> has_arrived(const Waiting& one);

  Database& database_;
  Mutex mutex_;
  Condition written_;
  std::vector<Waiting*> waiting_ GUARDED_BY(mutex_);
  bool is_writing_ GUARDED_BY(mutex_) = false;
};

inline constexpr std::size_t kLogChunkBytesMax = 64 << 20;

}  // namespace waybill::postgres
