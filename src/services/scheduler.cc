#include "services/scheduler.h"

#include <algorithm>
#include <vector>

#include "base/log.h"
#include "base/zone.h"

namespace waybill {

Result<Duration> Scheduler::step(const Deadline& deadline) {
  const Result<std::vector<Schedule>> schedules = registry_.schedules();
  if (!schedules) return fail(with_context(schedules.error(), "reading the schedules"));
  Duration wait = params_.wait_max;
  for (const Schedule& schedule : *schedules) {
    if (deadline.stop_requested()) break;
    const Result<Duration> next = handle(schedule);
    if (next) {
      failing_.erase(schedule.name);
      wait = std::min(wait, *next);
    } else {
      // One that cannot fire must not keep the others from firing.
      log_failure(schedule.name, next.error());
    }
  }
  return wait;
}

Result<Duration> Scheduler::handle(const Schedule& schedule) {
  const Time now = ledger_.now();
  // Nothing is owed for the time before a schedule was first seen.
  if (schedule.handled_until == Time{}) {
    if (Status settled = settle(schedule.name, now); !settled) return fail(settled.error());
    return Duration(0);
  }
  const auto zone = find_zone(schedule.zone);
  if (!zone) return fail(zone.error());
  const Result<Fires> fires = owed_fires(schedule, **zone, now, params_.fires_max);
  if (!fires) return fail(fires.error());
  if (fires->handled_until > schedule.handled_until) {
    if (Status fired = fire(schedule, *fires); !fired) return fail(fired.error());
  }
  if (fires->nominal.size() == params_.fires_max) return Duration(0);
  return std::max(fires->next - now, Duration(0));
}

Status Scheduler::fire(const Schedule& schedule, const Fires& fires) {
  if (!fires.nominal.empty() && !schedule.paused) {
    std::vector<TaskRequest> requests;
    requests.reserve(fires.nominal.size());
    for (const Time nominal : fires.nominal) requests.push_back(task_for(schedule, nominal));
    const Result<std::vector<Inserted>> inserted = ledger_.insert(requests);
    if (!inserted) return fail(with_context(inserted.error(), "inserting the tasks it owes"));
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if ((*inserted)[i].outcome == InsertOutcome::duplicate) continue;
      log::info("schedule_fired", "a schedule fired",
                {{"schedule", schedule.name},
                 {"nominal", format_time(fires.nominal[i])},
                 {"task", to_string((*inserted)[i].id)}});
    }
  }
  return settle(schedule.name, fires.handled_until);
}

Status Scheduler::settle(const std::string& schedule, Time until) {
  Status settled = registry_.settle_schedule(schedule, until);
  // Removed meanwhile: then there is nothing left to settle.
  if (!settled && settled.error().code == Code::not_found) return {};
  return settled;
}

void Scheduler::log_failure(const std::string& schedule, const Error& error) {
  std::string& logged = failing_[schedule];
  if (logged == error.message) return;
  logged = error.message;
  log::error("schedule_failed", "a schedule cannot fire; correct or remove it",
             {{"schedule", schedule}, {"error", error.message}});
}

}  // namespace waybill
