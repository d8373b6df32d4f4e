#pragma once

#include <boost/json/fwd.hpp>

#include "core/schedule.h"

namespace waybill {

/// The next nominal time; nothing for a paused schedule, or where it cannot be told. Reads the
/// zone's file the first time.
Time next_fire_of(const Schedule& schedule, Time now);

/// A schedule for programs, in the one form that the command line and APIs share
/// (docs/reference/cli-json.md).
boost::json::object schedule_to_json(const Schedule& schedule, Time now);

}  // namespace waybill
