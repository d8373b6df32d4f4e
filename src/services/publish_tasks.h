#pragma once

#include <vector>

#include "services/publish_pass.h"

namespace waybill {

/// Publishes the plan's tasks and writes their markers, and then the closing markers. Fills in
/// report.tally and report.counts; leaves the plan without its tasks.
void publish_tasks(const PublishPorts& ports, const PublishOptions& options, const ScanLock& lock,
                   PublishReport& report);

}  // namespace waybill
