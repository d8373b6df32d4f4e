#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <vector>

#include "core/schedule.h"

namespace waybill {

/// The next nominal time; nothing for a paused schedule, or where it cannot be told. Reads the
/// zone's file the first time.
Time next_fire_of(const Schedule& schedule, Time now);

/// The next `count` nominal times, of which next_fire_of() is the first; fewer where there are no
/// more.
std::vector<Time> next_fires_of(const Schedule& schedule, Time now, std::size_t count);

/// A schedule for programs, in the one form that the command line and APIs share
/// (docs/reference/cli-json.md), with so many of its next times.
boost::json::object schedule_to_json(const Schedule& schedule, Time now, std::size_t fires = 1);

}  // namespace waybill
