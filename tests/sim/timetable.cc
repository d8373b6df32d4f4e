#include "tests/sim/timetable.h"

#include <algorithm>

#include "base/check.h"

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

/// How long after a nominal time a scheduler looks, where nothing holds it up.
constexpr Duration kLookMax = 30s;
constexpr std::string_view kScheduleCreator = "schedule:";

/// When each schedule falls due, known apart from the cron code.
struct Grid {
  const char* name;
  const char* cron;
  Duration every;
  CatchUp catch_up;
};
constexpr Grid kGrids[] = {
    {"every-two", "*/2 * * * *", 2min, CatchUp::all},
    // So often that a step of the clock passes over several.
    {"every-minute", "* * * * *", 1min, CatchUp::one},
    {"every-four", "*/4 * * * *", 4min, CatchUp::none},
};

/// The latest time of the grid that is not after this one.
Time latest_of(const Grid& grid, Time time) { return time - time.time_since_epoch() % grid.every; }

/// Until when a schedule is settled; the greatest time if there is none.
Time handled_until(Registry& registry, const std::string& name) {
  const auto stored = registry.schedules();
  WAYBILL_CHECK(stored.has_value(), "a registry in memory answers");
  const auto found = std::ranges::find(*stored, name, &Schedule::name);
  return found == stored->end() ? kTimeMax : found->handled_until;
}

/// Whether a scheduler that looked at this time may fire a nominal time that had come by then.
bool may_fire(const Grid& grid, Time time, Time looked_at) {
  return looked_at < time + (grid.catch_up == CatchUp::none ? kOnTime : grid.every);
}

/// The nominal times that a scheduler owes that settles what passed after one time until another,
/// which is when it looked.
std::vector<Time> owed(const Grid& grid, Time after, Time until) {
  if (grid.catch_up == CatchUp::none) after = std::max(after, until - kOnTime);
  std::vector<Time> times;
  for (Time time = latest_of(grid, until); time > after; time -= grid.every) {
    times.push_back(time);
    if (grid.catch_up == CatchUp::one) break;
  }
  return times;
}

}  // namespace

Timetable::Timetable(const Stage& stage, LedgerAuditor& auditor, Registry& registry)
    : ForwardingRegistry(registry), stage_(stage), auditor_(auditor), begun_(stage.now()) {}

std::vector<Schedule> Timetable::begin() const {
  std::vector<Schedule> all;
  for (const Grid& grid : kGrids) {
    all.push_back({.name = grid.name,
                   .cron = grid.cron,
                   .catch_up = grid.catch_up,
                   .task = {.kind = "work"},
                   .source = "simulation",
                   .handled_until = begun_});
  }
  return all;
}

void Timetable::report(const std::string& schedule, const std::string& what, Time time) {
  auditor_.report(Invariant::fires_once,
                  "schedule " + schedule + " fired " + what + " for " + format_time(time));
}

void Timetable::asked(const TaskRequest& request, Time looked_at) {
  looked_[{request.created_by, request.run_at}].insert(looked_at);
}

void Timetable::accept(const TaskRequest& request) {
  if (!request.created_by.starts_with(kScheduleCreator)) return;
  const std::string name = request.created_by.substr(kScheduleCreator.size());
  const Time time = request.run_at;
  const auto grid = std::ranges::find(kGrids, name, &Grid::name);
  if (grid == std::end(kGrids)) return report(name, "though nobody knows it", time);
  if (latest_of(*grid, time) != time) return report(name, "though it was not due", time);
  if (time <= begun_) return report(name, "though that was before it began", time);
  if (time > stage_.latest()) return report(name, "too early", time);
  const auto is_owed = [&](Time looked_at) { return may_fire(*grid, time, looked_at); };
  const bool is_late = grid->catch_up != CatchUp::all &&
                       !std::ranges::any_of(looked_[{request.created_by, time}], is_owed);
  if (is_late) report(name, "too late", time);
  if (!fired_[name].insert(time).second) report(name, "more than once", time);
}

Status Timetable::settle_schedule(const std::string& name, Time until) {
  const Time before = handled_until(inner_, name);
  const Status settled = inner_.settle_schedule(name, until);
  const auto grid = std::ranges::find(kGrids, name, &Grid::name);
  if (!settled || grid == std::end(kGrids)) return settled;
  for (const Time time : owed(*grid, before, until)) {
    if (!fired_[name].contains(time)) report(name, "not at all", time);
  }
  return settled;
}

bool Timetable::is_handled() const {
  return std::ranges::all_of(kGrids, [&](const Grid& grid) {
    return handled_until(inner_, grid.name) >= latest_of(grid, stage_.now() - kLookMax);
  });
}

}  // namespace waybill::sim
