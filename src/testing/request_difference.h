#pragma once

#include <string>

#include "core/task.h"

namespace waybill {

/// The name of the first field in which a stored request is not the one that was asked for; empty:
/// there is none. What it waits for is left out: a ledger may keep that apart, and whoever waits
/// for the wrong task is seen by that (I7).
std::string request_difference(const TaskRequest& asked, const TaskRequest& stored);

}  // namespace waybill
