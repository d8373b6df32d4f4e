#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "adapters/postgres/database.h"
#include "adapters/postgres/gathering.h"
#include "adapters/postgres/news.h"
#include "adapters/postgres/part.h"
#include "adapters/postgres/tags.h"
#include "adapters/postgres/transaction.h"
#include "base/mutex.h"
#include "ports/bell.h"

namespace waybill::postgres {

/// The one place that changes tasks. Calls of all threads that wait are committed in one
/// transaction: the first to come while fewer than `writers` transactions are under way does the
/// work for those that wait, so that a single caller pays for no other thread. Small calls that
/// only insert go together: while a transaction of such is under way they wait for its end, and a
/// moment for one another. Thread-safe.
class Writer {
 public:
  struct Params {
    std::size_t writers = 2;      ///< transactions at a time
    std::size_t events_kept = 0;  ///< newest changes that are not removed
  };
  /// Where it tells of each commit that made events.
  struct Ears {
    Bell& here;
    News& elsewhere;
  };
  Writer(const Params& params, Database& database, LaneTable& lanes, Timekeeper& time,
         const Ears& ears);

  /// Answers the call. What it answers is on disk.
  Status write(WriteCall& call);
  /// Whether some task is known to wait for others: then a success is better exclusive at once.
  bool tasks_wait() const { return hints_.tasks_wait; }
  bool queues_limited() const { return hints_.queues_limited; }

 private:
  using Turn = WriteCall::Turn;
  using Group = std::vector<WriteCall*>;
  enum class Outcome : std::uint8_t { done, failed, again, exclusive, apart };

  static Turn wait_for_turn(WriteCall& call);
  static void give_turn(WriteCall& call, Turn turn);
  /// Whether it is to begin a transaction.
  bool may_lead(const WriteCall& call) const REQUIRES(mutex_);
  void gather();
  Group take_group(WriteCall& first) REQUIRES(mutex_);
  /// Who is to work next, if anybody waits.
  WriteCall* take_next() REQUIRES(mutex_);
  void run(const Group& group);
  /// False: it has to be tried with each call apart, because of one among several.
  bool run_together(const Group& group);
  struct Attempt {
    const Group& group;
    Mode mode = Mode::shared;
    Uuid tag{};        ///< of one that is run at once; nil: it is not
    Deadline limit{};  ///< of all attempts and inquiries together
    Status failure{};
    bool maybe_committed = false;  ///< an answer was lost of what has this tag
  };
  Outcome run_once(Attempt& attempt);
  Outcome judge(const Connection& connection, const std::string& sqlstate,
                const GroupTransaction& transaction, Attempt& attempt);
  /// The same for one that was run at once.
  Outcome judge_at_once(const Connection& connection, const std::string& sqlstate,
                        const GroupTransaction& transaction, Attempt& attempt);
  bool has_time(const Attempt& attempt) const;
  /// Now and then: has counts folded, and old events removed.
  void keep_up();
  /// Whether the transaction whose answer was lost has committed.
  Result<bool> find_commit(const CommitIdentity& identity, const Deadline& limit);
  Result<bool> find_tag(const Uuid& tag, const Deadline& limit);
  Status await_end(const CommitIdentity& identity, const Deadline& limit);
  /// Completes the answers of removals that may have taken effect before.
  Status settle_removals(const Group& group, const Deadline& limit);

  const Params params_;
  Database& database_;
  LaneTable& lanes_;
  Timekeeper& time_;
  const Ears ears_;
  Hints hints_;
  Tags tags_;
  std::atomic<std::uint64_t> commits_ = 0;
  Mutex mutex_;
  Group waiting_ GUARDED_BY(mutex_);
  std::size_t busy_ GUARDED_BY(mutex_) = 0;
  std::size_t inserting_ GUARDED_BY(mutex_) = 0;     // of those, with small calls that insert
  SteadyTime inserting_since_ GUARDED_BY(mutex_){};  // the last of these to begin
  Gathering gathering_;
};

}  // namespace waybill::postgres
