#include "adapters/sqlite/writer.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "base/log.h"

namespace waybill::sqlite {
namespace {

/// More calls in a transaction gain little and make the first of them wait.
constexpr std::size_t kGroupMax = 256;
constexpr std::size_t kPageBytes = 4096;

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, const Params& params, Bell& bell)
    : params_(params),
      bell_(bell),
      database_(std::move(database)),
      transaction_(*database_, params.events_kept),
      stopped_(params.refusal) {
  sqlite3_wal_hook(
      database_->connection(),
      [](void* pages, sqlite3*, const char*, int count) {
        *static_cast<std::size_t*>(pages) = static_cast<std::size_t>(count);
        return SQLITE_OK;
      },
      &log_pages_);
}

Status Writer::write(const Work& work) {
  Call call{.work = &work};
  bool others_work = false;
  {
    const Lock lock(mutex_);
    waiting_.push_back(&call);
    others_work = std::exchange(busy_, true);
  }
  if (others_work && wait_for_turn(call) == Turn::done) return std::move(call.answer);
  // `call` is the first of those that wait.
  const Group group = take_group();
  run(group);
  const bool long_log = log_is_long();
  if (long_log) {
    answer_others(group, call);  // what they wrote is on disk, and this takes a while
    write_log_back();
  }
  Call* next = nullptr;
  {
    const Lock lock(mutex_);
    busy_ = !waiting_.empty();
    if (busy_) next = waiting_.front();
  }
  if (next != nullptr) give_turn(*next, Turn::work_for_all);
  if (!long_log) answer_others(group, call);
  return std::move(call.answer);
}

void Writer::answer_others(const Group& group, const Call& call) {
  for (Call* other : group) {
    if (other != &call) give_turn(*other, Turn::done);
  }
}

Writer::Turn Writer::wait_for_turn(Call& call) {
  Lock lock(call.mutex);
  while (call.turn == Turn::wait) call.changed.wait(lock);
  return call.turn;
}

void Writer::give_turn(Call& call, Turn turn) {
  // Told with the lock held: the caller may take the call away as soon as it sees its turn.
  const Lock lock(call.mutex);
  call.turn = turn;
  call.changed.notify_one();
}

Writer::Group Writer::take_group() {
  const Lock lock(mutex_);
  const auto end =
      waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(waiting_.size(), kGroupMax));
  Group group(waiting_.begin(), end);
  waiting_.erase(waiting_.begin(), end);
  return group;
}

void Writer::run(const Group& group) {
  if (stopped_) return answer_all(group, fail(*stopped_));
  if (!run_together(group)) {
    for (Call* call : group) run_together({call});
  }
}

bool Writer::run_together(const Group& group) {
  if (stopped_) {
    answer_all(group, fail(*stopped_));
    return true;
  }
  if (Status begun = transaction_.begin(); !begun) {
    stop_if_sync_failed(begun);
    transaction_.roll_back();
    answer_all(group, begun);
    return true;
  }
  const bool alone = group.size() == 1;
  for (Call* call : group) {
    const std::uint64_t writes_before = transaction_.writes();
    call->answer = (*call->work)(transaction_);
    // A call that was refused before it wrote anything leaves nothing to undo.
    const bool clean = transaction_.writes() == writes_before && database_->in_transaction();
    if (call->answer || (clean && !alone)) continue;
    stop_if_sync_failed(call->answer);
    transaction_.roll_back();
    if (stopped_) answer_all(group, fail(*stopped_));
    return alone || stopped_;
  }
  const bool made_events = transaction_.has_events();
  if (Status committed = commit(); !committed) {
    transaction_.roll_back();
    if (!alone && !stopped_) return false;
    answer_all(group, committed);
    return true;
  }
  if (made_events) bell_.ring();
  return true;
}

Status Writer::commit() {
  Status committed = transaction_.commit();
  if (committed) return committed;
  if (!transaction_.commit_was_asked()) {
    stop_if_sync_failed(committed);
    return committed;  // nothing has taken effect: that is known
  }
  if (committed.error().code != Code::unavailable) return committed;
  stop("a commit failed", committed.error());
  return fail(Code::deadline_exceeded,
              "whether the disk kept the last commit is not known; " + committed.error().message);
}

void Writer::stop_if_sync_failed(const Status& failure) {
  if (!stopped_ && database_->sync_failed()) stop("a sync failed", failure.error());
}

/// The disk failed while it was asked to keep something: nobody knows what it kept. The kernel may
/// have dropped the pages and would report success next time (the "fsyncgate" of 2018).
void Writer::stop(const std::string& why, const Error& error) {
  stopped_ = Error{.code = Code::failed_precondition,
                   .message = "ledger " + database_->path() + ": writing has stopped because " +
                              why + "; check the disk, then start again: " + error.message};
  database_->leave_log_at_close();
  log::error("ledger_stopped", why + "; nothing more is written",
             {{"path", database_->path()}, {"error", error.message}});
}

void Writer::answer_all(const Group& group, const Status& answer) {
  for (Call* call : group) call->answer = answer;
}

bool Writer::log_is_long() const {
  return !stopped_ && log_pages_ * kPageBytes >= params_.log_bytes_max;
}

void Writer::write_log_back() {
  // Passive: readers are not waited for. When none is in the way the log begins anew.
  const int code = sqlite3_wal_checkpoint_v2(database_->connection(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_IOERR_FSYNC) {
    stop("the log could not be written back", database_->last_error());
  } else if (code != SQLITE_OK && code != SQLITE_BUSY) {
    log::warn("ledger_checkpoint_failed", "the log could not be written back; it grows",
              {{"path", database_->path()}, {"error", database_->last_error().message}});
  }
  log_pages_ = 0;  // look again after the next commit
}

}  // namespace waybill::sqlite
