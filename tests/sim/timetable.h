#pragma once

#include <vector>

#include "core/schedule.h"
#include "ports/ledger.h"
#include "ports/registry.h"
#include "testing/ledger_auditor.h"

namespace waybill::sim {

/// The schedules of the simulation, one for each policy of catching up, settled until `now`.
std::vector<Schedule> schedules(Time now);

/// I6, of what was accepted since `begun`: nominal times lie on the schedule's grid and fire once,
/// and where all are owed none is missing.
void check_schedules(LedgerAuditor& auditor, Registry& registry, Time begun);

}  // namespace waybill::sim
