#include "tests/sim/timetable.h"

#include <map>
#include <set>
#include <string>

namespace waybill::sim {
namespace {

using namespace std::chrono_literals;

/// When each schedule falls due, known apart from the cron code.
struct Grid {
  const char* name;
  const char* cron;
  Duration every;
  CatchUp catch_up;
};
constexpr Grid kGrids[] = {
    {"every-two", "*/2 * * * *", 2min, CatchUp::all},
    {"every-three", "*/3 * * * *", 3min, CatchUp::one},
    {"every-four", "*/4 * * * *", 4min, CatchUp::none},
};

bool is_on(const Grid& grid, Time time) { return to_micros(time) % grid.every.count() == 0; }

}  // namespace

std::vector<Schedule> schedules(Time now) {
  std::vector<Schedule> all;
  for (const Grid& grid : kGrids) {
    Schedule schedule{.name = grid.name,
                      .cron = grid.cron,
                      .catch_up = grid.catch_up,
                      .task = {.kind = "work"},
                      .source = "simulation",
                      .handled_until = now};
    all.push_back(schedule);
  }
  return all;
}

void check_schedules(LedgerAuditor& auditor, Registry& registry, Time begun) {
  std::map<std::string, std::multiset<Time>> fired;
  for (const Uuid& id : auditor.accepted()) {
    const TaskRequest& request = auditor.tasks().at(id).request();
    if (!request.created_by.starts_with("schedule:")) continue;
    fired[request.created_by.substr(9)].insert(request.run_at);
  }
  const auto stored = registry.schedules();
  if (!stored) return auditor.report(Invariant::fires_once, "the schedules cannot be read");
  for (const Grid& grid : kGrids) {
    const std::multiset<Time>& times = fired[grid.name];
    const auto complain = [&](Time time, const char* what) {
      auditor.report(Invariant::fires_once, std::string("schedule ") + grid.name + " fired " +
                                                what + " for " + format_time(time));
    };
    for (const Time time : times) {
      if (!is_on(grid, time)) complain(time, "though it was not due");
      if (times.count(time) != 1) complain(time, "more than once");
    }
    if (grid.catch_up != CatchUp::all) continue;
    for (const Schedule& schedule : *stored) {
      if (schedule.name != grid.name) continue;
      Time time = std::chrono::floor<std::chrono::minutes>(begun);
      for (; time <= schedule.handled_until; time += 1min) {
        if (time > begun && is_on(grid, time) && !times.contains(time))
          complain(time, "not at all");
      }
    }
  }
}

}  // namespace waybill::sim
