#include "services/rescuer.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "core/transition.h"

namespace waybill {
namespace {

// Between steps that find tasks but can change none of them.
constexpr Duration kWaitMin = std::chrono::milliseconds(10);

Event what_time_did(const Task& task) {
  if (task.status.state == State::leased) return event::Expire{};
  return event::Due{};
}

void log_rescue(const Task& task, const Change& change) {
  if (task.status.state != State::leased) return;
  log::warn("lease_expired", "a worker fell silent; its task was taken back",
            {{"task", to_string(task.id())},
             {"worker", task.status.worker},
             {"attempt", task.status.attempt},
             {"state", to_string(change.after.state)}});
}

}  // namespace

Result<Duration> Rescuer::step(const Deadline& /*deadline*/) {
  const Result<Overdue> overdue = ledger_.overdue(params_.batch);
  if (!overdue) return fail(with_context(overdue.error(), "looking for overdue tasks"));

  std::vector<Change> changes;
  std::vector<const Task*> changed;
  for (const Task& task : overdue->tasks) {
    Result<Change> change =
        transition(task, what_time_did(task), Moment{.now = ledger_.now(), .chance = rng_.unit()});
    if (!change) continue;  // not overdue any more by the ledger's clock: the next step looks again
    changes.push_back(std::move(*change));
    changed.push_back(&task);
  }
  if (changes.empty()) return wait_until(overdue->next, false);

  const Result<std::vector<Status>> applied = ledger_.apply(changes);
  if (!applied) return fail(with_context(applied.error(), "taking back overdue tasks"));
  bool progressed = false;
  for (std::size_t i = 0; i < changes.size(); ++i) {
    // Refused means that a heartbeat, the worker or another rescuer was first.
    if (!(*applied)[i]) continue;
    progressed = true;
    log_rescue(*changed[i], changes[i]);
  }
  return wait_until(overdue->next, progressed);
}

Duration Rescuer::wait_until(Time next, bool progressed) const {
  const Duration shortest = progressed ? Duration(0) : kWaitMin;
  return std::clamp(next - ledger_.now(), shortest, std::max(shortest, params_.wait_max));
}

}  // namespace waybill
