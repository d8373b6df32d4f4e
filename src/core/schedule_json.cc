#include "core/schedule_json.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/zone.h"
#include "core/cron.h"
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

/// Who paused it; null: nobody did.
bj::value pause_to_json(const Schedule& schedule) {
  const SchedulePause& pause = schedule.pause;
  if (pause.is_set()) {
    return bj::object{{"at", time_to_json(pause.at)},
                      {"by", json::text(pause.by)},
                      {"reason", json::text(pause.reason)}};
  }
  if (!schedule.paused) return nullptr;
  return bj::object{{"at", nullptr}, {"by", schedule.source}, {"reason", "its definition says so"}};
}

}  // namespace

Time next_fire_of(const Schedule& schedule, Time now) {
  const auto zone = find_zone(schedule.zone);
  if (schedule.is_paused() || !zone) return {};
  const auto fires = owed_fires(schedule, **zone, now, 1);
  return fires && fires->next != kTimeMax ? fires->next : Time{};
}

std::vector<Time> next_fires_of(const Schedule& schedule, Time now, std::size_t count) {
  std::vector<Time> fires;
  const auto zone = find_zone(schedule.zone);
  const auto cron = parse_cron(schedule.cron);
  if (!zone || !cron) return fires;
  Time next = next_fire_of(schedule, now);
  while (fires.size() < count && next != Time{} && next != kTimeMax) {
    fires.push_back(next);
    next = next_fire(*cron, **zone, schedule.daylight, next);
  }
  return fires;
}

bj::object schedule_to_json(const Schedule& schedule, Time now, std::size_t count) {
  const TaskRequest& task = schedule.task;
  bj::array fires;
  for (const Time fire : next_fires_of(schedule, now, count)) fires.push_back(time_to_json(fire));
  return {{"name", schedule.name},
          {"cron", schedule.cron},
          {"zone", schedule.zone},
          {"daylight", json::text(daylight_name(schedule.daylight))},
          {"catch_up", json::text(catch_up_name(schedule.catch_up))},
          {"paused", schedule.is_paused()},
          {"pause", pause_to_json(schedule)},
          {"source", schedule.source},
          {"handled_until", time_to_json(schedule.handled_until)},
          {"next", time_to_json(next_fire_of(schedule, now))},
          {"next_fires", std::move(fires)},
          {"task",
           {{"definition", json::text_or_null(task.definition)},
            {"kind", task.kind},
            {"queue", task.queue},
            {"priority", task.priority},
            {"spec", text_to_json(task.spec)},
            {"params", text_to_json(task.params)}}}};
}

}  // namespace waybill
