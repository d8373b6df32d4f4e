#include "tests/explorer/act.h"

#include <algorithm>

#include "tests/explorer/ghost.h"

namespace waybill::explorer {
namespace {

using std::chrono::seconds;

/// One action under way.
struct Act {
  World world;
  const Rules& rules;
  std::optional<Violation> violation;

  Cell& stored(std::int8_t task) { return world.stored[static_cast<std::size_t>(task)]; }

  /// Ledger::apply: true if the change took effect.
  bool record(const Change& change, Recorded recorded) {
    const auto task = static_cast<std::int8_t>(recorded.task);
    const Task before = to_task(task, stored(task));
    if (!rules.takes_effect(before, change)) return false;
    recorded.before = stored(task);
    recorded.after = stored(task) = to_cell(change.after);
    // The same transaction takes what waits one step further.
    if (task == 0 && world.dependent != 0 && rules.frees_waiters(before, change)) {
      const Task waiter = to_task(1, stored(1));
      const auto step = rules.decide(waiter, event::DependencySucceeded{}, {.now = now()});
      if (step) {
        record(*step, {.task = 1, .verb = recorded.verb, .by_dependency = true});
      }
    }
    if (!violation) violation = observe(world, recorded);
    return true;
  }

  /// Decides by what the actor remembers and tries to record it.
  void propose(const Copy& copy, const Event& event, Verb verb) {
    const Task task = to_task(copy.task, copy.cell);
    const auto change = rules.decide(task, event, {.now = now()});
    if (change) record(*change, {.task = copy.task, .verb = verb, .fence = copy.cell.fence});
  }
};

bool claim(Act& act, const Action& action) {
  Copy& mine = act.world.workers[static_cast<std::size_t>(action.worker)];
  const Cell& cell = act.stored(action.task);
  if (mine.task >= 0 || cell.fence >= act.world.budget.claims) return false;
  const Task task = to_task(action.task, cell);
  if (!act.rules.is_claimable(task)) return false;
  const event::Claim event{.worker = "w", .lease = seconds(kLeaseTicks)};
  const auto change = act.rules.decide(task, event, {.now = now()});
  if (!change || !act.record(*change, {.task = action.task, .verb = Verb::claim})) return false;
  mine = {.task = action.task, .cell = to_cell(change->after)};
  return true;
}

Event event_of(Verb verb, std::uint64_t fence) {
  switch (verb) {
    case Verb::succeed:
      return event::Succeed{.fence = fence};
    case Verb::fail:
      return event::Fail{.fence = fence};
    case Verb::fail_with_delay:
      return event::Fail{.fence = fence, .retry_after = seconds(kRetryAfterTicks)};
    case Verb::fail_for_good:
      return event::Fail{.fence = fence, .failure_class = FailureClass::permanent};
    case Verb::snooze:
      return event::Snooze{.fence = fence, .until = now() + seconds(1)};
    case Verb::give_back:
      return event::GiveBack{.fence = fence};
    default:
      return event::ConfirmCancel{.fence = fence};
  }
}

/// What a worker does with the task that it believes to hold. It may do so again and again, as if
/// the reply had been lost, until it forgets the task.
bool work(Act& act, const Action& action) {
  Copy& mine = act.world.workers[static_cast<std::size_t>(action.worker)];
  if (mine.task < 0) return false;
  Cell& stored = act.stored(mine.task);
  const bool still_mine = stored.state_is() == State::leased && stored.fence == mine.cell.fence;
  switch (action.verb) {
    case Verb::forget:
      mine = {};
      return true;
    case Verb::reread:
      if (!still_mine) return false;
      mine.cell = stored;
      return true;
    case Verb::heartbeat:
      if (!still_mine) return false;
      stored.lease_until = kLeaseTicks;
      return true;
    default:
      act.propose(mine, event_of(action.verb, static_cast<std::uint64_t>(mine.cell.fence)),
                  action.verb);
      return true;
  }
}

bool look(Act& act, std::int8_t task) {
  const Cell& cell = act.stored(task);
  const bool overdue = (cell.state_is() == State::leased && cell.lease_until <= 0) ||
                       (cell.state_is() == State::scheduled && cell.run_at <= 0);
  if (overdue) act.world.rescuer = {.task = task, .cell = cell};
  return overdue;
}

/// The rescuer may act on what it saw again and again, too.
bool rescue(Act& act) {
  const Copy& copy = act.world.rescuer;
  if (copy.task < 0) return false;
  const bool expired = copy.cell.state_is() == State::leased;
  act.propose(copy, expired ? Event(event::Expire{}) : Event(event::Due{}), Verb::rescuer_acts);
  return true;
}

bool ask(Act& act, const Action& action) {
  const bool cancel = action.verb == Verb::person_cancels;
  std::int8_t& left = cancel ? act.world.budget.cancels : act.world.budget.retries;
  if (left == 0) return false;
  --left;
  const Copy seen{.task = action.task, .cell = act.stored(action.task)};
  act.propose(seen, cancel ? Event(event::Cancel{.by = "ann"}) : Event(event::Retry{.by = "ann"}),
              action.verb);
  return true;
}

void pass_time(World& world) {
  const auto shift = [](std::int8_t& tick) {
    if (tick != kNever) --tick;
  };
  const auto shift_cell = [&](Cell& cell) {
    shift(cell.run_at);
    shift(cell.lease_until);
  };
  for (Cell& cell : world.stored) shift_cell(cell);
  for (Copy& copy : world.workers) shift_cell(copy.cell);
  shift_cell(world.rescuer.cell);
  for (Ghost& ghost : world.ghosts)
    ghost.not_before = std::max<std::int8_t>(0, ghost.not_before - 1);
}

bool perform(Act& act, const Action& action) {
  switch (action.verb) {
    case Verb::claim:
      return claim(act, action);
    case Verb::rescuer_looks:
      return look(act, action.task);
    case Verb::rescuer_acts:
      return rescue(act);
    case Verb::person_cancels:
    case Verb::person_retries:
      return ask(act, action);
    case Verb::time_passes:
      pass_time(act.world);
      return true;
    default:
      return work(act, action);
  }
}

}  // namespace

std::optional<Step> act(const World& world, const Action& action, const Rules& rules) {
  Act act{.world = world, .rules = rules, .violation = {}};
  if (!perform(act, action)) return std::nullopt;
  if (!act.violation) act.violation = check(act.world);
  return Step{.world = act.world, .violation = std::move(act.violation)};
}

Result<Change> Rules::decide(const Task& task, const Event& event, const Moment& moment) const {
  return transition(task, event, moment);
}

bool Rules::takes_effect(const Task& stored, const Change& change) const {
  const TaskStatus& status = stored.status;
  return status.state == change.from.state && status.fence == change.from.fence &&
         status.revision == change.from.revision &&
         (!change.from_lease_until || status.lease_until == *change.from_lease_until);
}

bool Rules::is_claimable(const Task& stored) const { return stored.status.state == State::ready; }

bool Rules::frees_waiters(const Task&, const Change& change) const {
  return change.after.state == State::succeeded;
}

}  // namespace waybill::explorer
