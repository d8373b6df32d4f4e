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
  // Has a nominal time passed, whatever the policy makes of it? Where none has there is nothing to
  // settle, and nothing is written.
  Schedule eager = schedule;
  eager.paused = false;
  eager.pause = {};
  eager.catch_up = CatchUp::all;
  const Result<Fires> passed = owed_fires(eager, **zone, now, 1);
  if (!passed) return fail(passed.error());
  if (passed->nominal.empty()) return passed->next - now;

  const Result<Fires> fires = owed_fires(schedule, **zone, now, params_.fires_max);
  if (!fires) return fail(fires.error());
  if (Status inserted = insert(schedule, fires->nominal); !inserted) return fail(inserted.error());
  if (Status settled = settle(schedule.name, fires->handled_until); !settled) {
    return fail(settled.error());
  }
  return Duration(0);
}

Status Scheduler::insert(const Schedule& schedule, const std::vector<Time>& nominal) {
  if (nominal.empty()) return {};
  std::vector<TaskRequest> requests;
  requests.reserve(nominal.size());
  for (const Time time : nominal) requests.push_back(task_for(schedule, time));
  const Result<std::vector<Inserted>> inserted = ledger_.insert(requests);
  if (!inserted) return fail(with_context(inserted.error(), "inserting the tasks it owes"));
  for (std::size_t i = 0; i < requests.size(); ++i) {
    if ((*inserted)[i].outcome == InsertOutcome::duplicate) continue;
    log::info("schedule_fired", "a schedule fired",
              {{"schedule", schedule.name},
               {"nominal", format_time(nominal[i])},
               {"task", to_string((*inserted)[i].id)}});
  }
  return {};
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
