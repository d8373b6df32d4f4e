#include "adapters/postgres/writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "adapters/postgres/claims.h"
#include "adapters/postgres/inserts.h"
#include "adapters/postgres/partitions.h"
#include "adapters/postgres/postgres_error.h"
#include "adapters/postgres/tally.h"
#include "base/log.h"

namespace waybill::postgres {
namespace {

/// More calls in a transaction gain little and make the first of them wait.
constexpr std::size_t kGroupMax = 256;
/// Likewise tasks, of calls that bring many each.
constexpr std::size_t kTasksMax = 4096;
/// Likewise bytes: the server takes no gigabyte at once.
constexpr std::size_t kBytesMax = std::size_t{32} << 20;

/// Commits between two looks for what has to be folded and removed.
constexpr std::uint64_t kKeepUpEvery = 512;

/// What a group may take with all that is tried again: a server that hangs is given up within a
/// call's 60 seconds, and then has these left to tell what became of its commit.
constexpr Duration kWriteTimeMax = std::chrono::seconds(75);

constexpr std::string_view kNoPartition = "23514";
constexpr std::string_view kUniqueViolation = "23505";
/// A row's partition is looked through by retention.
constexpr std::string_view kLockNotAvailable = "55P03";

/// Fewer calls are not halved.
constexpr std::size_t kHalfMin = 4;
/// Small inserts wait for one that is under way, but not if it takes so long.
constexpr Duration kTurnMax = std::chrono::milliseconds(20);
/// A call with more tasks gains nothing by others beside it.
constexpr std::size_t kSmallMax = 32;

bool is_small_insert(const WriteCall& call) {
  return InsertPart::is_plain(call) && call.insert->requests().size() <= kSmallMax;
}

std::size_t size_of(const WriteCall& call) {
  if (call.insert != nullptr) return call.insert->requests().size();
  if (call.claim != nullptr) return call.claim->limit;
  return call.changes.size() + call.extensions.size() + call.reports.size() + call.removals.size();
}

/// What of it may be long; the rest is bounded by its number.
std::size_t bytes_of(const WriteCall& call) {
  std::size_t bytes = call.insert == nullptr ? 0 : call.insert->bytes();
  for (const Change& change : call.changes) {
    bytes += change.after.error.size() + change.after.result.size();
  }
  if (call.notifications != nullptr) bytes += call.notifications->bytes();
  for (const Report& report : call.reports) {
    bytes += report.progress.size() + report.checkpoint.size();
  }
  return bytes;
}

/// These lock rows of tasks, and tell of nothing. Beside what does they would hold the rows while
/// they wait for the lock of commits, or wait for the rows with that lock held.
bool locks_only_rows(const WriteCall& call) {
  return !call.extensions.empty() || !call.reports.empty();
}

/// The spans of handles whose tasks a group ends.
std::set<std::int64_t> spans_of(std::span<WriteCall* const> group) {
  std::set<std::int64_t> spans;
  for (const WriteCall* call : group) {
    for (const Change& change : call->changes) {
      if (is_finished(change.after.state)) spans.insert(span_of(change.handle));
    }
  }
  return spans;
}

}  // namespace

Writer::Writer(const Params& params, Database& database, LaneTable& lanes, Timekeeper& time,
               const Ears& ears)
    : params_(params), database_(database), lanes_(lanes), time_(time), ears_(ears) {}

Writer::Turn Writer::wait_for_turn(WriteCall& call) {
  Lock lock(call.mutex);
  while (call.turn == Turn::wait) call.changed.wait(lock);
  return call.turn;
}

void Writer::give_turn(WriteCall& call, Turn turn) {
  // Told with the lock held: the caller may take the call away as soon as it sees its turn.
  const Lock lock(call.mutex);
  call.turn = turn;
  call.changed.notify_one();
}

Writer::Group Writer::take_group(WriteCall& first) {
  Group group{&first};
  std::size_t tasks = size_of(first);
  std::size_t bytes = bytes_of(first);
  const WriteCall* claim = first.claim == nullptr ? nullptr : &first;
  const std::size_t small_max =
      is_small_insert(first) ? std::clamp(gathering_.half(), kHalfMin, kGroupMax) : kGroupMax;
  std::size_t small = 1;
  const auto joins = [&](WriteCall* call) {
    if (group.size() == kGroupMax || tasks + size_of(*call) > kTasksMax) return false;
    if (is_small_insert(*call) && small >= small_max) return false;
    if (bytes + bytes_of(*call) > kBytesMax) return false;
    if (locks_only_rows(first) != locks_only_rows(*call)) return false;
    if (call->claim == nullptr || claim == nullptr) return true;
    return ClaimPart::may_merge(*claim->claim, *call->claim);
  };
  std::erase_if(waiting_, [&](WriteCall* call) {
    if (!joins(call)) return false;
    if (call->claim != nullptr) claim = call;
    if (is_small_insert(*call)) ++small;
    tasks += size_of(*call);
    bytes += bytes_of(*call);
    group.push_back(call);
    return true;
  });
  return group;
}

bool Writer::may_lead(const WriteCall& call) const {
  if (busy_ == params_.writers) return false;
  if (!is_small_insert(call) || inserting_ == 0) return true;
  const Duration since = database_.pool().clock().steady_now() - inserting_since_;
  return waiting_.size() + 1 >= gathering_.half() || since > kTurnMax;
}

void Writer::gather() {
  Duration patience{};
  {
    const Lock lock(mutex_);
    // Claims and what ends tasks wait for nobody.
    const auto is_small = [](const WriteCall* call) { return is_small_insert(*call); };
    if (!std::ranges::all_of(waiting_, is_small)) return;
    patience = gathering_.begin(waiting_.size() + 1);
  }
  if (patience == Duration(0)) return;
  gathering_.wait(patience);
  const Lock lock(mutex_);
  gathering_.end(waiting_.size() + 1);
}

WriteCall* Writer::take_next() {
  if (waiting_.empty()) {
    --busy_;
    return nullptr;
  }
  WriteCall* next = waiting_.front();
  waiting_.erase(waiting_.begin());
  if (is_small_insert(*next)) ++inserting_;
  return next;
}

Status Writer::write(WriteCall& call) {
  const bool small = is_small_insert(call);
  bool leads = false;
  {
    const Lock lock(mutex_);
    leads = may_lead(call);
    if (leads) {
      ++busy_;
      if (small) ++inserting_;
    } else {
      waiting_.push_back(&call);
      gathering_.note_come(waiting_.size() + 1);
    }
  }
  if (!leads && wait_for_turn(call) == Turn::done) return std::move(call.answer);
  if (small) gather();
  const Clock& clock = database_.pool().clock();
  const SteadyTime began = clock.steady_now();
  Group group;
  {
    const Lock lock(mutex_);
    group = take_group(call);
    if (small) {
      gathering_.note_begin(group.size());
      inserting_since_ = began;
    }
  }
  run(group);
  WriteCall* next = nullptr;
  {
    const Lock lock(mutex_);
    if (small) {
      --inserting_;
      gathering_.note_end(group.size(), waiting_.size(), clock.steady_now() - began);
    }
    next = take_next();
  }
  if (next != nullptr) give_turn(*next, Turn::work_for_all);
  for (WriteCall* other : group) {
    if (other != &call) give_turn(*other, Turn::done);
  }
  Status answer = std::move(call.answer);
  keep_up();
  return answer;
}

void Writer::keep_up() {
  if (++commits_ % kKeepUpEvery != 0) return;
  const Status folded = fold_counts(database_, params_.events_kept);
  if (folded) return;
  log::warn("ledger_upkeep_failed", "counts could not be folded now; they are later",
            {{"error", folded.error().message}});
}

void Writer::run(const Group& group) {
  if (run_together(group)) return;
  for (WriteCall* call : group) run_together({call});
}

bool Writer::run_together(const Group& group) {
  const auto exclusive = [this](const WriteCall* call) {
    return call->exclusive || (call->claim != nullptr && hints_.queues_limited);
  };
  Attempt attempt{.group = group,
                  .mode = std::ranges::any_of(group, exclusive) ? Mode::exclusive : Mode::shared,
                  .limit = {.at = database_.pool().clock().steady_now() + kWriteTimeMax}};
  if (GroupTransaction::can_run_at_once(group)) attempt.tag = tags_.next();
  for (int tries = 1; tries <= kTriesMax; ++tries) {
    switch (run_once(attempt)) {
      case Outcome::done:
        return true;
      case Outcome::exclusive:
        attempt.mode = Mode::exclusive;
        continue;
      case Outcome::again:
        continue;
      case Outcome::apart:
        return false;
      case Outcome::failed:
        break;
    }
    break;
  }
  if (attempt.maybe_committed) attempt.failure = fail(commit_not_known(attempt.failure.error()));
  for (WriteCall* call : group) {
    call->clear_answers();
    call->answer = attempt.failure;
  }
  return true;
}

Writer::Outcome Writer::run_once(Attempt& attempt) {
  auto connection = database_.pool().take(attempt.limit);
  if (!connection) {
    attempt.failure = fail(connection.error());
    return Outcome::failed;
  }
  const Round round{.mode = attempt.mode, .lanes = lanes_, .time = time_, .hints = hints_};
  GroupTransaction transaction(**connection, round, attempt.group);
  const bool at_once = !attempt.tag.is_nil();
  attempt.failure = at_once ? transaction.run_at_once(attempt.tag) : transaction.run();
  Outcome outcome = Outcome::done;
  if (!attempt.failure) {
    const std::string sqlstate = (*connection)->last_sqlstate();
    // A connection that cannot roll back is lost, which judge() sees.
    [[maybe_unused]] const Status undone = (*connection)->roll_back({});
    outcome = at_once ? judge_at_once(**connection, sqlstate, transaction, attempt)
                      : judge(**connection, sqlstate, transaction, attempt);
    if (outcome == Outcome::again || outcome == Outcome::apart) {
      log::debug("transaction_retried", "changes of tasks could not be written now; they are again",
                 {{"sqlstate", sqlstate},
                  {"calls", attempt.group.size()},
                  {"apart", outcome == Outcome::apart}});
    }
  }
  if (!at_once) tags_.begin_from(transaction.identity().tag);
  if (outcome == Outcome::done && transaction.has_record()) {
    // First what was committed: those who are rung for may not have to ask.
    ears_.elsewhere.tell(transaction.last_sequence());
    ears_.here.ring();
  }
  if (outcome != Outcome::done) return outcome;
  attempt.failure = settle_removals(attempt.group, attempt.limit);
  return attempt.failure ? Outcome::done : Outcome::failed;
}

Writer::Outcome Writer::judge(const Connection& connection, const std::string& sqlstate,
                              const GroupTransaction& transaction, Attempt& attempt) {
  const Group& group = attempt.group;
  if (transaction.needs_exclusive()) return Outcome::exclusive;
  if (transaction.is_refused()) return group.size() > 1 ? Outcome::apart : Outcome::failed;
  if (connection.is_lost()) {
    database_.pool().forget_idle();
    const bool in_time = has_time(attempt);
    const Outcome again = in_time ? Outcome::again : Outcome::failed;
    if (!transaction.commit_was_sent()) return again;
    if (!transaction.has_record()) {
      // Leases and reports may be written twice; of a removal the first answer counts.
      for (WriteCall* call : group) {
        call->maybe_removed.insert(call->maybe_removed.end(), call->removed.begin(),
                                   call->removed.end());
      }
      if (!in_time) attempt.failure = fail(commit_not_known(attempt.failure.error()));
      return again;
    }
    const auto committed = find_commit(transaction.identity(), attempt.limit);
    if (committed) return *committed ? Outcome::done : again;
    attempt.failure = fail(commit_not_known(committed.error()));
    return Outcome::failed;
  }
  if (sqlstate == kNoPartition) {
    const Status made = make_partitions(database_, spans_of(group));
    if (made) return Outcome::again;
    attempt.failure = made;
    return Outcome::failed;
  }
  if (group.size() == 1) return met_another(sqlstate) ? Outcome::again : Outcome::failed;
  if (sqlstate.starts_with("40")) return Outcome::again;
  // Without a state the server did what it was asked to, and a row that it gave is damaged: that
  // fails the call that asked for it alone.
  const bool damaged = sqlstate.empty() && !transaction.commit_was_sent();
  const bool of_one_call =
      met_another(sqlstate) || is_of_the_data(sqlstate) || damaged || sqlstate == kLockNotAvailable;
  return of_one_call ? Outcome::apart : Outcome::failed;
}

bool Writer::has_time(const Attempt& attempt) const {
  return database_.pool().clock().steady_now() < attempt.limit.at &&
         !database_.pool().connect_params().hurry.stop_requested();
}

/// Nothing has to be known of a session that was lost: its tasks have the same ids as the next
/// attempt's, so that one of the two waits for the other, and fails if that commits.
Writer::Outcome Writer::judge_at_once(const Connection& connection, const std::string& sqlstate,
                                      const GroupTransaction& transaction, Attempt& attempt) {
  if (connection.is_lost()) {
    database_.pool().forget_idle();
    // A standby has refused to begin.
    if (sqlstate != kStandby) attempt.maybe_committed = true;
    return has_time(attempt) ? Outcome::again : Outcome::failed;
  }
  if (sqlstate == kUniqueViolation) {
    if (attempt.maybe_committed) {
      const auto committed = find_tag(attempt.tag, attempt.limit);
      if (!committed) {
        attempt.failure = fail(committed.error());
        return Outcome::failed;
      }
      if (*committed) {
        attempt.maybe_committed = false;
        return Outcome::done;
      }
    }
    // Whatever may still come of this tag finds the same id, and fails too.
    attempt.maybe_committed = false;
    attempt.tag = {};
    return Outcome::again;
  }
  const Outcome outcome = judge(connection, sqlstate, transaction, attempt);
  if (outcome != Outcome::apart || !attempt.maybe_committed) return outcome;
  // The calls apart would not know of what was lost: it is waited for.
  return has_time(attempt) ? Outcome::again : Outcome::failed;
}

}  // namespace waybill::postgres
