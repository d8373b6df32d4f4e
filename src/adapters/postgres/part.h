#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <vector>

#include "adapters/postgres/batch.h"
#include "adapters/postgres/commit.h"
#include "adapters/postgres/lanes.h"
#include "adapters/postgres/look_times.h"
#include "adapters/postgres/timekeeper.h"
#include "adapters/postgres/write_call.h"

namespace waybill::postgres {

/// Shared: transactions of other programs go on beside it up to their commits. Exclusive: what is
/// found stays so, because nobody commits until this one has.
enum class Mode : std::uint8_t { shared, exclusive };

/// Up to so many, a statement takes longer to plan than to run: its plan is kept by a function
/// (migrations/postgres/0022_few_tasks.sql). Rows that a function gives are held in memory.
inline constexpr std::size_t kFewTasks = 32;

/// What the writer has seen and lets the next transaction begin with. A wrong guess costs a round.
struct Hints {
  std::atomic<bool> tasks_wait = false;          ///< some task waits for others
  std::atomic<bool> queues_limited = false;      ///< some queue has a concurrency limit
  LookTimes looks_from_start{1'000'000, false};  ///< of claims, past every floor
  LookTimes raises{1'000'000, true};             ///< when floors are worth a statement again
};

/// A transaction under way, as its parts see it.
struct Round {
  Mode mode = Mode::shared;
  LaneTable& lanes;
  Timekeeper& time;
  Hints& hints;
  CommitRecord record{};
  std::vector<Uuid> succeeded{};  ///< what others may wait for
  /// Set by a part that finds in shared mode what it can only do in the other.
  bool needs_exclusive = false;
  /// Set by a part that finds that one of its calls may not be done at all.
  bool is_refused = false;
};

/// What the calls of one kind add to a transaction. The functions are called in this order: `lock`
/// for all parts; `look` and `write` for one part after the other, so that it finds what those
/// before it wrote; the others each for all parts. What `look` adds to a batch is answered before
/// `write`, what `write` adds before `explain`, and so on.
class Part {
 public:
  virtual ~Part() = default;
  /// Locks rows that others hold while they wait for the lock of commits: before that is taken.
  virtual void lock(Batch&) {}
  /// In exclusive mode only: what has to be known before anything is written.
  virtual void look(Batch&) {}
  /// Writes. What it finds out is settled in the answers of these statements.
  virtual void write(Batch&) {}
  /// Asks why something was not written.
  virtual void explain(Batch&) {}
  /// Tells of what was written, and adds what is sent together with the commit. An error ends the
  /// transaction.
  virtual Status conclude(Batch&) { return {}; }
};

}  // namespace waybill::postgres
