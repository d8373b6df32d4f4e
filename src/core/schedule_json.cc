#include "core/schedule_json.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "base/zone.h"
#include "core/task_json.h"

namespace waybill {
namespace bj = boost::json;
namespace {

std::string_view daylight_name(DaylightPolicy policy) {
  switch (policy) {
    case DaylightPolicy::once:
      return "once";
    case DaylightPolicy::skip:
      return "skip";
    case DaylightPolicy::both:
      return "both";
  }
  return "";
}

std::string_view catch_up_name(CatchUp catch_up) {
  switch (catch_up) {
    case CatchUp::none:
      return "none";
    case CatchUp::one:
      return "one";
    case CatchUp::all:
      return "all";
  }
  return "";
}

}  // namespace

Time next_fire_of(const Schedule& schedule, Time now) {
  const auto zone = find_zone(schedule.zone);
  if (schedule.paused || !zone) return {};
  const auto fires = owed_fires(schedule, **zone, now, 1);
  return fires && fires->next != kTimeMax ? fires->next : Time{};
}

bj::object schedule_to_json(const Schedule& schedule, Time now) {
  const TaskRequest& task = schedule.task;
  return {{"name", schedule.name},
          {"cron", schedule.cron},
          {"zone", schedule.zone},
          {"daylight", json::text(daylight_name(schedule.daylight))},
          {"catch_up", json::text(catch_up_name(schedule.catch_up))},
          {"paused", schedule.paused},
          {"source", schedule.source},
          {"handled_until", time_to_json(schedule.handled_until)},
          {"next", time_to_json(next_fire_of(schedule, now))},
          {"task",
           {{"definition", json::text_or_null(task.definition)},
            {"kind", task.kind},
            {"queue", task.queue},
            {"priority", task.priority},
            {"spec", text_to_json(task.spec)},
            {"params", text_to_json(task.params)}}}};
}

}  // namespace waybill
