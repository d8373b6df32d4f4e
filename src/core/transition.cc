#include "core/transition.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "core/notify.h"
#include "core/retry_rules.h"

namespace waybill {
namespace {

tl::unexpected<Error> overtaken(const Task& task, std::string_view what) {
  return fail(Code::aborted, "cannot record '" + std::string(what) + "' for task " +
                                 to_string(task.id()) + ": it is " +
                                 std::string(to_string(task.status.state)) + " with fence " +
                                 std::to_string(task.status.fence) + " by now");
}

tl::unexpected<Error> refused(const Task& task, std::string_view what) {
  return fail(Code::failed_precondition, "cannot " + std::string(what) + " task " +
                                             to_string(task.id()) + ": it is " +
                                             std::string(to_string(task.status.state)));
}

tl::unexpected<Error> was_delivered(const Task& task) {
  if (Status alone = check_is_of_no_run(task); !alone) return fail(alone.error());
  const std::string id = to_string(task.id());
  return fail(Code::failed_precondition, "cannot retry task " + id +
                                             ": it was delivered; to send it once more, ask for " +
                                             "that: `waybill task retry --again " + id +
                                             "`, or {\"again\": true} over the API");
}

/// One transition under way: the change, which the handlers complete.
struct Step {
  const Task& task;
  const Moment& moment;
  Change change;

  Step(const Task& the_task, const Moment& the_moment) : task(the_task), moment(the_moment) {
    const TaskStatus& status = task.status;
    change.id = task.id();
    change.handle = task.handle;
    change.from = {.state = status.state, .fence = status.fence, .revision = status.revision};
    change.after = status;
    change.after.revision = status.revision + 1;
  }

  bool held_with(std::uint64_t fence) const {
    return task.status.state == State::leased && task.status.fence == fence;
  }

  Change done(Happening happening, State state, std::string reason = {}) {
    TaskStatus& after = change.after;
    after.state = state;
    if (state != State::leased) after.lease_until = Time{};
    after.finished_at = is_finished(state) ? moment.now : Time{};
    change.entry = {.at = moment.now,
                    .happening = happening,
                    .state = state,
                    .fence = after.fence,
                    .attempt = after.attempt,
                    .worker = happening == Happening::claimed ? after.worker : std::string(),
                    .reason = std::move(reason)};
    return std::move(change);
  }

  /// Runnable again, at `run_at` or at once. Keeps its place in the order when it is at once.
  Change again(Happening happening, Time run_at, std::string reason) {
    const bool later = run_at > moment.now;
    if (later) change.after.run_at = run_at;
    return done(happening, later ? State::scheduled : State::ready, std::move(reason));
  }

  /// Runnable after all it waited for, or what it waits for.
  State admitted() {
    if (change.after.waiting_for > 0) return State::blocked;
    if (change.after.run_at > moment.now) return State::scheduled;
    change.after.run_at = moment.now;
    return State::ready;
  }

  /// Ended by a request that came while it was leased.
  Change cancelled_instead(std::string reason) {
    return done(Happening::cancelled, State::cancelled, std::move(reason));
  }
  bool cancel_requested() const { return task.status.cancel.requested(); }
};

Result<Change> on(Step& step, const event::Claim& claim) {
  if (step.task.status.state != State::ready) return overtaken(step.task, "claimed");
  TaskStatus& after = step.change.after;
  after.fence += 1;
  after.attempt += 1;
  after.worker = claim.worker;
  after.result.clear();  // an earlier attempt's proof
  after.started_at = step.moment.now;
  after.lease_until = step.moment.now + claim.lease;
  return step.done(Happening::claimed, State::leased);
}

Result<Change> on(Step& step, const event::Succeed& success) {
  if (!step.held_with(success.fence)) return overtaken(step.task, "succeeded");
  step.change.after.error.clear();
  step.change.after.result = success.result;
  return step.done(Happening::succeeded, State::succeeded);
}

Result<Change> on(Step& step, const event::Fail& failure) {
  if (!step.held_with(failure.fence)) return overtaken(step.task, "failed");
  TaskStatus& after = step.change.after;
  after.error = failure.error;
  after.result = failure.proof;
  if (failure.failure_class == FailureClass::permanent) {
    return step.done(Happening::failed, State::failed, failure.error);
  }
  after.failures += 1;
  if (step.cancel_requested()) return step.cancelled_instead(failure.error);
  const RetryPolicy& retry = step.task.request.retry;
  if (after.failures >= retry.failures_max) {
    return step.done(Happening::failed, State::failed, failure.error);
  }
  const Duration delay =
      std::max(retry_delay(retry, after.failures, step.moment.chance), failure.retry_after);
  return step.again(Happening::retry_scheduled, step.moment.now + delay, failure.error);
}

Result<Change> on(Step& step, const event::Snooze& snooze) {
  if (!step.held_with(snooze.fence)) return overtaken(step.task, "snoozed");
  if (step.cancel_requested()) return step.cancelled_instead("snoozed");
  return step.again(Happening::snoozed, snooze.until, snooze.reason);
}

Result<Change> on(Step& step, const event::GiveBack& give_back) {
  if (!step.held_with(give_back.fence)) return overtaken(step.task, "given back");
  if (step.cancel_requested()) return step.cancelled_instead(give_back.reason);
  return step.done(Happening::given_back, State::ready, give_back.reason);
}

Result<Change> on(Step& step, const event::ConfirmCancel& confirmation) {
  if (!step.held_with(confirmation.fence)) return overtaken(step.task, "cancelled");
  if (!step.cancel_requested()) return refused(step.task, "confirm the cancel of");
  step.change.after.result = confirmation.proof;
  return step.done(Happening::cancelled, State::cancelled, step.task.status.cancel.reason);
}

Result<Change> on(Step& step, const event::Expire&) {
  const TaskStatus& status = step.task.status;
  if (status.state != State::leased || status.lease_until > step.moment.now) {
    return overtaken(step.task, "lease expired");
  }
  step.change.from_lease_until = status.lease_until;
  TaskStatus& after = step.change.after;
  after.worker_deaths += 1;
  std::string reason = "worker " + status.worker + " was not heard of in time";
  if (step.cancel_requested()) return step.cancelled_instead(std::move(reason));
  if (after.worker_deaths < step.task.request.retry.worker_deaths_max) {
    return step.done(Happening::lease_expired, State::ready, std::move(reason));
  }
  after.error = "poison: " + std::to_string(after.worker_deaths) +
                " workers were lost while they ran it, the last was " + status.worker;
  return step.done(Happening::failed, State::failed, after.error);
}

Result<Change> on(Step& step, const event::Due&) {
  const TaskStatus& status = step.task.status;
  if (status.state != State::scheduled || status.run_at > step.moment.now) {
    return overtaken(step.task, "due");
  }
  return step.done(Happening::due, State::ready);
}

Result<Change> on(Step& step, const event::DependencySucceeded&) {
  const TaskStatus& status = step.task.status;
  if (status.waiting_for == 0) return overtaken(step.task, "dependency succeeded");
  step.change.after.waiting_for -= 1;
  // A task that was cancelled while blocked keeps count, so that a retry knows what is still
  // missing.
  const State state = status.state == State::blocked ? step.admitted() : status.state;
  const Time finished_at = status.finished_at;
  Change change = step.done(Happening::dependency_succeeded, state);
  if (is_finished(state)) change.after.finished_at = finished_at;
  return change;
}

Result<Change> on(Step& step, const event::Cancel& cancel) {
  const TaskStatus& status = step.task.status;
  if (is_finished(status.state)) return refused(step.task, "cancel");
  if (status.cancel.requested()) return overtaken(step.task, "cancel requested");
  step.change.after.cancel = {
      .requested_at = step.moment.now, .by = cancel.by, .reason = cancel.reason};
  std::string reason = cancel.by + (cancel.reason.empty() ? "" : ": " + cancel.reason);
  if (status.state == State::leased) {
    return step.done(Happening::cancel_requested, State::leased, std::move(reason));
  }
  step.change.after.result.clear();  // no attempt of it ends here
  return step.done(Happening::cancelled, State::cancelled, std::move(reason));
}

Result<Change> on(Step& step, const event::Retry& retry) {
  const State state = step.task.status.state;
  if (is_sent_notification(step.task)) return was_delivered(step.task);
  if (state != State::failed && state != State::cancelled) return refused(step.task, "retry");
  if (Status alone = check_is_of_no_run(step.task); !alone) return fail(alone.error());
  TaskStatus& after = step.change.after;
  after.failures = 0;
  after.worker_deaths = 0;
  after.cancel = {};
  after.result.clear();
  after.run_at = step.moment.now;
  return step.done(Happening::retried, step.admitted(), retry.by);
}

/// What an amendment does, in words.
std::string told(const Step& step, const event::Amend& amend) {
  std::string text;
  if (amend.priority) {
    text += "priority " + std::to_string(step.task.request.priority) + " to " +
            std::to_string(*amend.priority) + ", ";
  }
  if (amend.run_at) {
    text += "run_at " + format_time(step.task.status.run_at) + " to " +
            (*amend.run_at > step.moment.now ? format_time(*amend.run_at) : "now") + ", ";
  }
  return text + "by " + amend.by;
}

Status check(const Task& task, const event::Amend& amend) {
  if (!amend.priority && !amend.run_at) {
    return fail(Code::invalid_argument, "an amendment names a priority, a time or both");
  }
  if (amend.priority && (*amend.priority < kPriorityMin || *amend.priority > kPriorityMax)) {
    return fail(Code::invalid_argument, "priority has to be from " + std::to_string(kPriorityMin) +
                                            " to " + std::to_string(kPriorityMax));
  }
  if (is_finished(task.status.state)) return refused(task, "amend");
  if (task.status.cancel.requested()) {
    return fail(Code::failed_precondition,
                "cannot amend task " + to_string(task.id()) + ": it was asked to end");
  }
  if (amend.run_at && task.status.state == State::leased) {
    return refused(task, "give another run_at to");
  }
  return {};
}

Result<Change> on(Step& step, const event::Amend& amend) {
  const TaskStatus& status = step.task.status;
  if (Status allowed = check(step.task, amend); !allowed) return fail(allowed.error());
  std::string reason = told(step, amend);
  step.change.priority = amend.priority;
  const Time now = step.moment.now;
  Time& run_at = step.change.after.run_at;
  // Who is ready already keeps the place that its waiting has earned.
  const bool moves = amend.run_at && (status.state != State::ready || *amend.run_at > now);
  if (moves) run_at = std::max(*amend.run_at, now);
  const bool waits_for_time = status.state == State::scheduled || status.state == State::ready;
  const State state = !waits_for_time ? status.state
                      : run_at > now  ? State::scheduled
                                      : State::ready;
  return step.done(Happening::amended, state, std::move(reason));
}

}  // namespace

std::string_view to_string(Happening happening) {
  static constexpr std::array<std::string_view, 14> kNames = {
      "created",          "claimed",    "succeeded",     "failed", "retry_scheduled",
      "snoozed",          "given_back", "lease_expired", "due",    "dependency_succeeded",
      "cancel_requested", "cancelled",  "retried",       "amended"};
  return kNames[static_cast<std::size_t>(happening)];
}

Result<Change> transition(const Task& task, const Event& event, const Moment& moment) {
  Step step(task, moment);
  auto change = std::visit([&](const auto& happened) { return on(step, happened); }, event);
  const bool ends = change && !is_finished(change->from.state) && is_finished(change->after.state);
  if (ends) change->notifications = notifications_of(task, *change);
  return change;
}

Acceptance accept(const TaskRequest& request, std::uint32_t waiting_for, Time now) {
  Acceptance accepted;
  TaskStatus& status = accepted.status;
  status.waiting_for = waiting_for;
  // Never earlier than now: an old run_at must not overtake tasks that have waited.
  status.run_at = std::max(request.run_at, now);
  status.state = waiting_for > 0        ? State::blocked
                 : request.run_at > now ? State::scheduled
                                        : State::ready;
  accepted.entry = {.at = now,
                    .happening = Happening::created,
                    .state = status.state,
                    .reason = request.created_by};
  return accepted;
}

}  // namespace waybill
