#include "testing/audited_task.h"

#include <algorithm>
#include <initializer_list>

#include "core/retry.h"

namespace waybill {
namespace {

using States = std::initializer_list<State>;

/// From where and to where each happening may take a task (ARCHITECTURE.md, "Life of a task").
struct Rule {
  States from;
  States to;
};

const Rule& rule_of(Happening happening) {
  using enum State;
  static const Rule kRules[] = {
      {{}, {blocked, scheduled, ready}},                               // created
      {{ready}, {leased}},                                             // claimed
      {{leased}, {succeeded}},                                         // succeeded
      {{leased}, {failed}},                                            // failed
      {{leased}, {scheduled, ready}},                                  // retry_scheduled
      {{leased}, {scheduled, ready}},                                  // snoozed
      {{leased}, {ready}},                                             // given_back
      {{leased}, {ready}},                                             // lease_expired
      {{scheduled}, {ready}},                                          // due
      {{blocked, cancelled}, {blocked, scheduled, ready, cancelled}},  // dependency_succeeded
      {{leased}, {leased}},                                            // cancel_requested
      {{blocked, scheduled, ready, leased}, {cancelled}},              // cancelled
      {{failed, cancelled}, {blocked, ready}},                         // retried
      {{blocked, scheduled, ready, leased}, {blocked, scheduled, ready, leased}},  // amended
  };
  return kRules[static_cast<std::size_t>(happening)];
}

bool has(States states, State state) {
  return std::find(states.begin(), states.end(), state) != states.end();
}

}  // namespace

Violation AuditedTask::violation(Invariant invariant, const HistoryEntry& entry,
                                 std::string_view why) const {
  return {invariant, "task " + to_string(request_.id) + ", " +
                         std::string(to_string(entry.happening)) + " with fence " +
                         std::to_string(entry.fence) + " while " + std::string(to_string(state_)) +
                         " with fence " + std::to_string(fence_) + ": " + std::string(why)};
}

std::optional<Violation> AuditedTask::follow(const HistoryEntry& entry) {
  for (const auto check :
       {&AuditedTask::check_waiting, &AuditedTask::check_fence, &AuditedTask::check_step,
        &AuditedTask::check_amendment, &AuditedTask::check_time, &AuditedTask::check_cancel,
        &AuditedTask::check_run, &AuditedTask::check_attempts}) {
    if (auto found = (this->*check)(entry)) return found;
  }
  take(entry);
  return std::nullopt;
}

std::optional<Violation> AuditedTask::check_step(const HistoryEntry& entry) const {
  const Rule& rule = rule_of(entry.happening);
  if (removed_) return violation(Invariant::one_state, entry, "it was removed");
  if (created_ == (entry.happening == Happening::created)) {
    return violation(Invariant::one_state, entry, "a task is created once, and first");
  }
  if (created_ && !has(rule.from, state_)) {
    return violation(Invariant::one_state, entry, "that cannot happen in this state");
  }
  if (!has(rule.to, entry.state)) {
    return violation(Invariant::one_state, entry,
                     "it went to " + std::string(to_string(entry.state)));
  }
  if (entry.happening == Happening::dependency_succeeded && state_ == State::cancelled &&
      entry.state != State::cancelled) {
    return violation(Invariant::unblocks_once, entry, "a cancelled task came back to life");
  }
  return std::nullopt;
}

std::optional<Violation> AuditedTask::check_fence(const HistoryEntry& entry) const {
  const std::uint64_t expected = fence_ + (entry.happening == Happening::claimed ? 1 : 0);
  if (entry.fence != expected) {
    return violation(Invariant::fences_grow, entry, "another fence took effect");
  }
  if (entry.happening == Happening::claimed && state_ == State::leased) {
    return violation(Invariant::leases_apart, entry, "it is leased by " + holder_);
  }
  return std::nullopt;
}

std::optional<Violation> AuditedTask::check_time(const HistoryEntry& entry) const {
  const bool was_leased = state_ == State::leased;
  if (entry.happening == Happening::lease_expired && was_leased && entry.at < lease_until_) {
    return violation(Invariant::leases_apart, entry,
                     "the lease lasts until " + format_time(lease_until_));
  }
  if (entry.happening == Happening::due && entry.at < not_before_) {
    return violation(Invariant::backoff, entry, "not before " + format_time(not_before_));
  }
  const bool backs_off =
      entry.happening == Happening::retry_scheduled && request_.retry.backoff_first > Duration(0);
  if (entry.state == State::ready && (backs_off || entry.at < wished_for(entry))) {
    return violation(Invariant::backoff, entry, "it did not wait");
  }
  return std::nullopt;
}

std::optional<Violation> AuditedTask::check_attempts(const HistoryEntry& entry) const {
  const RetryPolicy& policy = request_.retry;
  if (entry.happening == Happening::claimed && entry.attempt != attempt_ + 1) {
    return violation(Invariant::attempts, entry, "attempts count by one");
  }
  if (entry.happening == Happening::retry_scheduled && retries_ + 1 >= policy.failures_max) {
    return violation(Invariant::attempts, entry, "its failures are used up");
  }
  if (entry.happening == Happening::lease_expired && deaths_ + 1 >= policy.worker_deaths_max) {
    return violation(Invariant::attempts, entry, "it has killed enough workers");
  }
  if (entry.happening == Happening::failed && !is_used_up(entry)) {
    return violation(Invariant::attempts, entry, "it was given up too early");
  }
  return std::nullopt;
}

/// A failure of its run counts as a failure, a lease that ran out as a death. Where the run failed
/// and its lease ran out before that was recorded, either may be what came of it.
bool AuditedTask::is_used_up(const HistoryEntry& failure) const {
  const bool ran = run_.has_begun(failure.fence);
  if (ran && run_.failed_for_good()) return true;
  if (ran && run_.failed() && retries_ + 1 == request_.retry.failures_max) return true;
  const bool lease_ran_out = failure.at >= lease_until_;
  return lease_ran_out && deaths_ + 1 == request_.retry.worker_deaths_max;
}

/// What is recorded of a lease before it has run out is recorded by its holder, and so it is what
/// came of the run, which is over.
std::optional<Violation> AuditedTask::check_run(const HistoryEntry& entry) const {
  if (state_ != State::leased || entry.state == State::leased) return std::nullopt;
  if (entry.happening == Happening::lease_expired) return std::nullopt;
  const bool by_time = entry.at >= lease_until_ && (entry.happening == Happening::failed ||
                                                    entry.happening == Happening::cancelled);
  if (by_time) return std::nullopt;
  if (run_.may_come_to(entry.happening, entry.fence)) {
    if (!run_.has_begun(entry.fence) || is_all_recorded()) return std::nullopt;
    return violation(Invariant::kept, entry, "not all that its run said was recorded before");
  }
  if (run_.goes_on(entry.fence)) {
    return violation(Invariant::leases_apart, entry,
                     "its run goes on, and the lease lasts until " + format_time(lease_until_));
  }
  return violation(Invariant::kept, entry, "its run did not end like that");
}

bool AuditedTask::is_all_recorded() const {
  const LedgerReader::Reported& said = run_.said();
  return (said.progress.empty() || said.progress == reported_.progress) &&
         (said.checkpoint.empty() || said.checkpoint == reported_.checkpoint);
}

void AuditedTask::run_begins(std::uint64_t fence) {
  if (fence == fence_) run_ = AuditedRun(fence);
}

void AuditedTask::run_says(const Report& report) {
  if (run_.has_begun(report.fence)) run_.says(report);
}

void AuditedTask::run_ends(std::uint64_t fence, const Outcome& outcome, Time at) {
  if (run_.has_begun(fence)) run_.ends(outcome, at);
}

std::optional<Violation> AuditedTask::check_cancel(const HistoryEntry& entry) const {
  if (entry.happening == Happening::cancelled && state_ == State::leased && !cancel_requested_) {
    return violation(Invariant::cancel, entry, "nobody asked it to end");
  }
  if (!cancel_requested_) return std::nullopt;
  static constexpr Happening kEnds[] = {Happening::succeeded, Happening::failed,
                                        Happening::cancelled};
  if (std::ranges::find(kEnds, entry.happening) != std::end(kEnds)) return std::nullopt;
  return violation(Invariant::cancel, entry, "it was asked to end");
}

std::optional<Violation> AuditedTask::check_waiting(const HistoryEntry& entry) const {
  const bool blocked_now = entry.state == State::blocked;
  const bool begins =
      entry.happening == Happening::created || entry.happening == Happening::retried;
  if (begins && blocked_now == waiting_for_.empty()) {
    return violation(Invariant::unblocks_once, entry,
                     std::to_string(waiting_for_.size()) + " of what it waits for is missing");
  }
  if (entry.happening != Happening::dependency_succeeded) return std::nullopt;
  if (steps_owed_ == 0) {
    return violation(Invariant::unblocks_once, entry, "nothing that it waits for has succeeded");
  }
  const bool last = waiting_for_.empty() && steps_owed_ == 1;
  if (state_ == State::blocked && blocked_now == last) {
    return violation(Invariant::unblocks_once, entry,
                     std::to_string(waiting_for_.size()) + " of what it waits for is missing");
  }
  return std::nullopt;
}

std::optional<Violation> AuditedTask::check_amendment(const HistoryEntry& entry) const {
  if (entry.happening != Happening::amended) return std::nullopt;
  if (!amendment_) return violation(Invariant::one_state, entry, "nobody asked for it");
  const bool held = state_ == State::blocked || state_ == State::leased;
  const bool holds = entry.state == State::blocked || entry.state == State::leased;
  if ((held || holds) && entry.state != state_) {
    return violation(Invariant::one_state, entry,
                     "it went to " + std::string(to_string(entry.state)));
  }
  if (!held && (amendment_->run_at > entry.at) != (entry.state == State::scheduled)) {
    return violation(Invariant::backoff, entry, "it is for " + format_time(amendment_->run_at));
  }
  const bool keeps_place = entry.state == state_ && (state_ == State::ready || is_leased());
  if (keeps_place && (amendment_->run_at < ready_first_ || amendment_->run_at > ready_last_)) {
    return violation(Invariant::order, entry, "it lost its place");
  }
  return std::nullopt;
}

void AuditedTask::take_amendment(State before) {
  request_.priority = amendment_->priority.value_or(request_.priority);
  const bool keeps_place = state_ == before && (state_ == State::ready || is_leased());
  if (!keeps_place) not_before_ = ready_first_ = ready_last_ = amendment_->run_at;
  amendment_.reset();
}

bool AuditedTask::dependency_succeeded(const Uuid& dependency) {
  if (waiting_for_.erase(dependency) == 0) return false;
  ++steps_owed_;
  return true;
}

Time AuditedTask::wished_for(const HistoryEntry& entry) const {
  const bool is_delay =
      entry.happening == Happening::retry_scheduled || entry.happening == Happening::snoozed;
  if (!is_delay || !run_.has_begun(entry.fence)) return Time{};
  return run_.wished_for(entry.at);
}

bool AuditedTask::goes_before(const AuditedTask& other) const {
  // A minute of waiting is worth one step of priority (see core/priority.h).
  const auto lead = std::chrono::minutes(request_.priority - other.request_.priority);
  return ready_last_ < other.ready_first_ + lead;
}

/// What comes back keeps its place, unless it had to wait for a time or a person wants it now.
void AuditedTask::take_place(const HistoryEntry& entry, State before) {
  switch (entry.happening) {
    case Happening::created:
      ready_first_ = ready_last_ = std::max(request_.run_at, entry.at);
      break;
    case Happening::retried:
      ready_first_ = ready_last_ = entry.at;
      break;
    case Happening::dependency_succeeded:
      if (before == State::blocked && entry.state == State::ready) {
        ready_first_ = ready_last_ = entry.at;
      }
      break;
    case Happening::retry_scheduled:
    case Happening::snoozed:
      if (entry.state != State::scheduled) break;
      ready_first_ = not_before_;
      ready_last_ = kTimeMax;
      break;
    case Happening::due:
      ready_last_ = std::min(ready_last_, entry.at);
      break;
    default:
      break;
  }
}

void AuditedTask::take(const HistoryEntry& entry) {
  const State before = state_;
  created_ = true;
  // A cancelled task that is told of a success stays finished since then.
  if (is_finished(entry.state) && !is_finished(state_)) ended_at_ = entry.at;
  state_ = entry.state;
  fence_ = entry.fence;
  attempt_ = entry.attempt;
  switch (entry.happening) {
    case Happening::created:
      not_before_ = request_.run_at;
      break;
    case Happening::claimed:
      holder_ = entry.worker;
      break;
    case Happening::retry_scheduled:
      ++retries_;
      not_before_ =
          std::max(wished_for(entry), entry.at + retry_delay(request_.retry, retries_, 0));
      break;
    case Happening::snoozed:
      not_before_ = wished_for(entry);
      break;
    case Happening::lease_expired:
      ++deaths_;
      break;
    case Happening::dependency_succeeded:
      --steps_owed_;
      break;
    case Happening::cancel_requested:
      cancel_requested_ = true;
      break;
    case Happening::retried:
      retries_ = 0;
      deaths_ = 0;
      cancel_requested_ = false;
      not_before_ = Time{};  // a person wants it now
      break;
    case Happening::amended:
      take_amendment(before);
      break;
    default:
      break;
  }
  if (is_finished(state_)) cancel_requested_ = false;
  take_place(entry, before);
}

}  // namespace waybill
