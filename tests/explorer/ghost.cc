#include "tests/explorer/ghost.h"

#include <algorithm>
#include <initializer_list>

namespace waybill::explorer {
namespace {

bool is_worker_write(Verb verb) { return verb > Verb::claim && verb <= Verb::confirm_cancel; }

bool is_transient_failure(Verb verb) { return verb == Verb::fail || verb == Verb::fail_with_delay; }

std::string move(const Recorded& recorded) {
  return "a task went from " + std::string(waybill::to_string(recorded.before.state_is())) +
         " to " + std::string(waybill::to_string(recorded.after.state_is()));
}

std::optional<Violation> observe_state(const Recorded& recorded) {
  const State before = recorded.before.state_is();
  const State after = recorded.after.state_is();
  const bool moved = before != after;
  const bool retried = recorded.verb == Verb::person_retries && before != State::succeeded;
  if (is_finished(before) && moved && !retried) {
    return Violation{Invariant::one_state, move(recorded) + ", which is final"};
  }
  return std::nullopt;
}

std::optional<Violation> observe_fence(const Recorded& recorded) {
  if (!recorded.by_dependency && is_worker_write(recorded.verb) &&
      recorded.fence != recorded.before.fence) {
    return Violation{Invariant::fences, "a write with fence " + std::to_string(recorded.fence) +
                                            " took effect on a task whose fence is " +
                                            std::to_string(recorded.before.fence)};
  }
  const int grown = recorded.after.fence - recorded.before.fence;
  const bool claimed = recorded.verb == Verb::claim && !recorded.by_dependency;
  if (grown != (claimed ? 1 : 0)) {
    return Violation{Invariant::fences, "a fence went from " +
                                            std::to_string(recorded.before.fence) + " to " +
                                            std::to_string(recorded.after.fence)};
  }
  return std::nullopt;
}

std::optional<Violation> observe_lease(const Recorded& recorded) {
  const bool was_leased = recorded.before.state_is() == State::leased;
  if (recorded.verb == Verb::claim && was_leased && !recorded.by_dependency) {
    return Violation{Invariant::leases, "a task was leased while it was leased"};
  }
  if (recorded.verb == Verb::rescuer_acts && was_leased && recorded.before.lease_until > 0) {
    return Violation{Invariant::leases, "a task was taken from a worker whose lease still runs"};
  }
  return std::nullopt;
}

std::optional<Violation> observe_wait(const World& world, const Recorded& recorded) {
  if (recorded.by_dependency && recorded.before.waiting_for == 0) {
    return Violation{Invariant::waits, "a task that waits for nothing was unblocked again"};
  }
  const State after = recorded.after.state_is();
  if (recorded.before.state_is() != State::blocked || after == State::blocked ||
      after == State::cancelled || world.stored[0].state_is() == State::succeeded) {
    return std::nullopt;
  }
  return Violation{Invariant::waits, move(recorded) + " before what it waits for succeeded"};
}

std::optional<Violation> observe_cancel(Ghost& ghost, const Recorded& recorded) {
  const State after = recorded.after.state_is();
  const bool was_leased = recorded.before.state_is() == State::leased;
  if (was_leased && after == State::cancelled && ghost.cancel_owed == 0) {
    return Violation{Invariant::cancel_kept, move(recorded) + " although nobody asked for it"};
  }
  if (recorded.verb == Verb::person_cancels) ghost.cancel_owed = 1;
  if (recorded.verb == Verb::person_retries && recorded.before != recorded.after) {
    ghost.cancel_owed = 0;
  }
  if (ghost.cancel_owed == 0 || is_finished(after)) return std::nullopt;
  if (after == State::leased && recorded.after.cancel != 0 && recorded.verb != Verb::claim) {
    return std::nullopt;
  }
  return Violation{Invariant::cancel_kept, move(recorded) + " although a cancel was accepted" +
                                               (after == State::leased ? ", and forgot it" : "")};
}

/// Counts what counts as a failure, on its own; the policy decides with it.
std::optional<Violation> observe_attempt(Ghost& ghost, const Recorded& recorded) {
  const bool expired =
      recorded.verb == Verb::rescuer_acts && recorded.before.state_is() == State::leased;
  if (recorded.verb == Verb::person_retries) ghost.failures = ghost.deaths = 0;
  if (!is_transient_failure(recorded.verb) && !expired) return std::nullopt;
  const int counted = expired ? ++ghost.deaths : ++ghost.failures;
  if (ghost.cancel_owed != 0) return std::nullopt;  // it ends as cancelled, whatever the count
  const bool used_up = counted >= (expired ? kDeathsMax : kFailuresMax);
  if (used_up == (recorded.after.state_is() == State::failed)) return std::nullopt;
  return Violation{Invariant::attempts, move(recorded) + " at " + std::to_string(counted) +
                                            (expired ? " worker deaths" : " failures")};
}

std::optional<Violation> observe_delay(Ghost& ghost, const Recorded& recorded) {
  if (recorded.verb == Verb::person_retries) ghost.not_before = 0;
  if (recorded.verb == Verb::claim && ghost.not_before > 0) {
    return Violation{Invariant::delay_kept, "a task was leased " +
                                                std::to_string(ghost.not_before) +
                                                " ticks before its delay was over"};
  }
  // The policy of to_task: the first failure is tried again after one tick.
  if (is_transient_failure(recorded.verb)) {
    ghost.not_before = recorded.verb == Verb::fail_with_delay ? kRetryAfterTicks : 1;
  } else if (recorded.verb == Verb::snooze) {
    ghost.not_before = 1;
  }
  return std::nullopt;
}

/// Where each verb may take a task (ARCHITECTURE.md, "Life of a task"), in a bit for each state.
unsigned targets_of(const Recorded& recorded) {
  const auto any = [](std::initializer_list<State> states) {
    unsigned bits = 0;
    for (const State state : states) bits |= 1U << static_cast<unsigned>(state);
    return bits;
  };
  using enum State;
  const bool was_leased = recorded.before.state_is() == leased;
  if (recorded.by_dependency) return any({blocked, scheduled, ready, cancelled});
  switch (recorded.verb) {
    case Verb::claim:
      return any({leased});
    case Verb::succeed:
      return any({succeeded});
    case Verb::fail_for_good:
      return any({failed});
    case Verb::confirm_cancel:
      return any({cancelled});
    case Verb::fail:
    case Verb::fail_with_delay:
      return any({scheduled, ready, failed, cancelled});
    case Verb::snooze:
      return any({scheduled, ready, cancelled});
    case Verb::give_back:
      return any({ready, cancelled});
    case Verb::rescuer_acts:
      return was_leased ? any({ready, failed, cancelled}) : any({ready});
    case Verb::person_cancels:
      return was_leased ? any({leased}) : any({cancelled});
    default:
      return any({blocked, ready});  // a person retries; the others record nothing
  }
}

std::optional<Violation> observe_target(const Recorded& recorded) {
  if ((targets_of(recorded) >> static_cast<unsigned>(recorded.after.state) & 1U) != 0) {
    return std::nullopt;
  }
  return Violation{Invariant::one_state, move(recorded) + ", where that does not lead"};
}

}  // namespace

std::optional<Violation> observe(World& world, const Recorded& recorded) {
  Ghost& ghost = world.ghosts[static_cast<std::size_t>(recorded.task)];
  if (auto broken = observe_state(recorded)) return broken;
  if (auto broken = observe_fence(recorded)) return broken;
  if (auto broken = observe_lease(recorded)) return broken;
  if (auto broken = observe_wait(world, recorded)) return broken;
  if (auto broken = observe_target(recorded)) return broken;
  if (recorded.by_dependency) return std::nullopt;
  if (auto broken = observe_cancel(ghost, recorded)) return broken;
  if (auto broken = observe_attempt(ghost, recorded)) return broken;
  return observe_delay(ghost, recorded);
}

std::optional<Violation> check(const World& world) {
  for (const Cell& cell : world.stored) {
    const State state = cell.state_is();
    const bool agrees = (cell.lease_until != kNever) == (state == State::leased) &&
                        (cell.finished != 0) == is_finished(state) &&
                        (state != State::blocked || cell.waiting_for > 0) &&
                        (state != State::scheduled || cell.run_at != kNever);
    if (!agrees) {
      return Violation{
          Invariant::one_state,
          "a task that is " + std::string(waybill::to_string(state)) + " does not look like it"};
    }
  }
  if (world.dependent != 0 && world.stored[1].state_is() == State::blocked &&
      world.stored[0].state_is() == State::succeeded) {
    return Violation{Invariant::waits, "a task still waits for one that has succeeded"};
  }
  return std::nullopt;
}

}  // namespace waybill::explorer
