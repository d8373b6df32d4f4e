#pragma once

#include "base/result.h"
#include "core/prio/planner.h"
#include "services/publish_pass.h"

namespace waybill {

/// Lists what the planner asks for, several listings at a time, each page handled as it comes, and
/// tells it of those that failed. An error: the aggregation ids could not be listed, a bucket that
/// was not asked for is not there, or `cancelled`.
Status list_for(prio::PrioPlanner& planner, const PublishPorts& ports,
                const PublishOptions& options, PublishReport& report);

}  // namespace waybill
