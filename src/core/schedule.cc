#include "core/schedule.h"

#include <algorithm>
#include <string>

#include "base/check.h"
#include "core/cron.h"

namespace waybill {
namespace {

/// The last nominal time in (after, until]; kTimeMax if there is none. Looks back in growing steps,
/// so that a schedule of every minute is not walked through for a year.
Time latest_fire(const Schedule& schedule, const Cron& cron, const Zone& zone, Time after,
                 Time until) {
  for (Duration back = std::chrono::hours(1);; back *= 4) {
    const bool all = back >= until - after;
    Time fire = next_fire(cron, zone, schedule.daylight, all ? after : until - back);
    if (fire <= until) {
      Time latest = fire;
      for (; fire <= until; fire = next_fire(cron, zone, schedule.daylight, fire)) latest = fire;
      return latest;
    }
    if (all) return kTimeMax;
  }
}

tl::unexpected<Error> refuse_schedule(const Schedule& schedule, const std::string& why) {
  return fail(Code::invalid_argument, "schedule '" + schedule.name.substr(0, 64) + "': " + why);
}

}  // namespace

Result<Fires> owed_fires(const Schedule& schedule, const Zone& zone, Time now, std::size_t limit) {
  WAYBILL_CHECK(limit >= 1, "without a fire a schedule never gets on");
  const auto cron = parse_cron(schedule.cron);
  if (!cron) return fail(cron.error());
  const auto next_after = [&](Time after) {
    return next_fire(*cron, zone, schedule.daylight, after);
  };
  const Time settled = schedule.handled_until == Time{} ? now : schedule.handled_until;
  Fires fires{.handled_until = std::max(settled, now)};
  if (schedule.is_paused()) {
    fires.next = kTimeMax;
    return fires;
  }
  Time after = settled;
  if (schedule.catch_up == CatchUp::none) after = std::max(after, now - kOnTime);
  if (schedule.catch_up == CatchUp::one && after < now) {
    const Time latest = latest_fire(schedule, *cron, zone, after, now);
    after = latest <= now ? latest - Duration(1) : now;
  }
  fires.next = next_after(after);
  while (fires.next <= now) {
    if (fires.nominal.size() == limit) {
      fires.handled_until = fires.nominal.back();
      return fires;
    }
    fires.nominal.push_back(fires.next);
    fires.next = next_after(fires.next);
  }
  return fires;
}

TaskRequest task_for(const Schedule& schedule, Time nominal) {
  TaskRequest request = schedule.task;
  request.dedup_key = "schedule/" + schedule.name + "/" + format_time(nominal);
  request.dedup_scope = DedupScope::forever;
  request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  request.run_at = nominal;
  if (request.created_by.empty()) request.created_by = "schedule:" + schedule.name;
  return request;
}

Status check_schedule(const Schedule& schedule) {
  if (!is_name(schedule.name)) {
    return refuse_schedule(schedule, "name " + std::string(kNameRule));
  }
  const auto cron = parse_cron(schedule.cron);
  if (!cron) return refuse_schedule(schedule, cron.error().message);
  const auto zone = find_zone(schedule.zone);
  if (!zone) return refuse_schedule(schedule, zone.error().message);
  const Time first = next_fire(*cron, **zone, schedule.daylight, from_micros(0));
  if (first == kTimeMax) {
    return refuse_schedule(schedule, "cron '" + schedule.cron +
                                         "' never falls due: no month of it "
                                         "has such a day");
  }
  const auto task = check_request(task_for(schedule, first));
  if (!task) return refuse_schedule(schedule, "task: " + task.error().message);
  return {};
}

}  // namespace waybill
