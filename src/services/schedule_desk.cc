#include "services/schedule_desk.h"

#include <utility>
#include <vector>

#include "core/suggest.h"

namespace waybill {

Result<Schedule> ScheduleDesk::find(std::string_view name) {
  auto schedules = ledger_.registry.schedules();
  if (!schedules) return fail(schedules.error());
  std::vector<std::string> known;
  for (Schedule& schedule : *schedules) {
    if (schedule.name == name) return std::move(schedule);
    known.push_back(schedule.name);
  }
  return fail(Code::not_found, "there is no schedule \"" + std::string(name) + "\"" +
                                   did_you_mean(std::string(name), known));
}

Result<Schedule> ScheduleDesk::pause(std::string_view name, std::string_view who,
                                     std::string_view reason) {
  auto schedule = find(name);
  if (!schedule) return schedule;
  const Time now = ledger_.ledger.now();
  schedule->pause = {.at = now, .by = std::string(who), .reason = std::string(reason)};
  const Status paused = ledger_.registry.pause_schedule(schedule->name, schedule->pause, now);
  if (!paused) return fail(paused.error());
  return schedule;
}

Result<Schedule> ScheduleDesk::resume(std::string_view name) {
  const auto schedule = find(name);
  if (!schedule) return schedule;
  if (const Status may = may_resume(*schedule); !may) return fail(may.error());
  const Status goes_on = ledger_.registry.pause_schedule(schedule->name, {}, ledger_.ledger.now());
  if (!goes_on) return fail(goes_on.error());
  return find(name);
}

Status may_resume(const Schedule& schedule) {
  if (!schedule.paused) return {};
  return fail(Code::failed_precondition, "schedule " + schedule.name +
                                             " is paused where it is defined, in " +
                                             schedule.source + ": take `paused` out there");
}

TaskRequest task_now(const Schedule& schedule, const Uuid& id, std::string_view who) {
  TaskRequest request = schedule.task;
  request.id = id;
  request.dedup_key.clear();
  request.dedup_scope = DedupScope::live;
  request.run_at = {};
  request.created_by = who;
  return request;
}

}  // namespace waybill
