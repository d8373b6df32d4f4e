#pragma once

#include <vector>

#include "bench/scale/scale_loads.h"
#include "core/task.h"
#include "ports/clock.h"

namespace waybill::bench {

/// No-op tasks with about 300 bytes of params, as the peers were measured with: a share of them for
/// each caller.
std::vector<std::vector<TaskRequest>> scale_tasks(const ScaleOptions& options, Clock& clock);

}  // namespace waybill::bench
