#include "adapters/postgres/writer.h"

#include <algorithm>
#include <set>
#include <utility>

#include "adapters/postgres/claims.h"
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

/// How long the end of a lost session is waited for, and how often it is looked for.
constexpr Duration kInquiryMax = std::chrono::seconds(20);
constexpr Duration kInquiryEvery = std::chrono::milliseconds(20);

constexpr std::string_view kNoPartition = "23514";
/// A row's partition is looked through by retention.
constexpr std::string_view kLockNotAvailable = "55P03";

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
  const auto joins = [&](WriteCall* call) {
    if (group.size() == kGroupMax || tasks + size_of(*call) > kTasksMax) return false;
    if (bytes + bytes_of(*call) > kBytesMax) return false;
    if (locks_only_rows(first) != locks_only_rows(*call)) return false;
    if (call->claim == nullptr || claim == nullptr) return true;
    return ClaimPart::may_merge(*claim->claim, *call->claim);
  };
  std::erase_if(waiting_, [&](WriteCall* call) {
    if (!joins(call)) return false;
    if (call->claim != nullptr) claim = call;
    tasks += size_of(*call);
    bytes += bytes_of(*call);
    group.push_back(call);
    return true;
  });
  return group;
}

Status Writer::write(WriteCall& call) {
  bool others_work = false;
  {
    const Lock lock(mutex_);
    others_work = busy_ == params_.writers;
    others_work ? waiting_.push_back(&call) : void(++busy_);
  }
  if (others_work && wait_for_turn(call) == Turn::done) return std::move(call.answer);
  Group group;
  {
    const Lock lock(mutex_);
    group = take_group(call);
  }
  run(group);
  WriteCall* next = nullptr;
  {
    const Lock lock(mutex_);
    if (waiting_.empty()) {
      --busy_;
    } else {
      next = waiting_.front();
      waiting_.erase(waiting_.begin());
    }
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
  attempt.failure = transaction.run();
  Outcome outcome = Outcome::done;
  if (!attempt.failure) {
    const std::string sqlstate = (*connection)->last_sqlstate();
    // A connection that cannot roll back is lost, which judge() sees.
    [[maybe_unused]] const Status undone = (*connection)->roll_back({});
    outcome = judge(**connection, sqlstate, transaction, attempt);
    if (outcome == Outcome::again || outcome == Outcome::apart) {
      log::debug("transaction_retried", "changes of tasks could not be written now; they are again",
                 {{"sqlstate", sqlstate},
                  {"calls", attempt.group.size()},
                  {"apart", outcome == Outcome::apart}});
    }
  }
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
    const bool has_time = database_.pool().clock().steady_now() < attempt.limit.at &&
                          !database_.pool().connect_params().hurry.stop_requested();
    const Outcome again = has_time ? Outcome::again : Outcome::failed;
    if (!transaction.commit_was_sent()) return again;
    if (!transaction.has_record()) {
      // Leases and reports may be written twice; of a removal the first answer counts.
      for (WriteCall* call : group) {
        call->maybe_removed.insert(call->maybe_removed.end(), call->removed.begin(),
                                   call->removed.end());
      }
      if (!has_time) attempt.failure = fail(commit_not_known(attempt.failure.error()));
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

Status Writer::settle_removals(const Group& group, const Deadline& limit) {
  for (WriteCall* call : group) {
    if (call->maybe_removed.empty()) continue;
    std::set<Uuid> missing(call->maybe_removed.begin(), call->maybe_removed.end());
    for (const Uuid& id : call->removed) missing.erase(id);
    const std::vector<Uuid> ids(missing.begin(), missing.end());
    const auto known =
        database_.read(Sql::known_ids, std::move(postgres::Params().uuids(ids)), limit);
    if (!known) return fail(commit_not_known(known.error()));
    for (int row = 0; row < known->size(); ++row) missing.erase(known->uuid(row, 0));
    call->removed.insert(call->removed.end(), missing.begin(), missing.end());
  }
  return {};
}

Status Writer::await_end(const CommitIdentity& identity, const Deadline& limit) {
  Clock& clock = database_.pool().clock();
  const std::stop_token hurry = database_.pool().connect_params().hurry;
  const SteadyTime patience = std::min(limit.at, clock.steady_now() + kInquiryMax);
  postgres::Params session;
  session.integer(identity.backend).integer(identity.began_at);
  for (;;) {
    // While the server still has the session, the transaction may commit yet.
    const auto found = database_.read(Sql::end_session, session, limit);
    if (!found) return fail(found.error());
    const bool is_primary = found->integer(0, 0) == 0;
    if (is_primary && found->integer(0, 1) == 0) return {};
    if (clock.steady_now() >= patience || hurry.stop_requested()) {
      return fail(Code::unavailable, is_primary ? "the session whose answer was lost does not end"
                                                : "the server that answers is a standby");
    }
    if (!is_primary) database_.pool().forget_idle();
    clock.wait_until(clock.steady_now() + kInquiryEvery, hurry);
  }
}

Result<bool> Writer::find_commit(const CommitIdentity& identity, const Deadline& limit) {
  if (Status ended = await_end(identity, limit); !ended) return fail(ended.error());
  const auto found =
      database_.read(Sql::find_commit, std::move(postgres::Params().uuid(identity.tag)), limit);
  if (!found) return fail(found.error());
  const bool committed = found->integer(0, 0) != 0;
  if (!committed && found->integer(0, 1) != 0) {
    return fail(Code::unavailable, "the server that answers is a standby");
  }
  log::warn("commit_answer_lost", "the answer to a commit was lost; the ledger was asked",
            {{"committed", committed}});
  return committed;
}

}  // namespace waybill::postgres
