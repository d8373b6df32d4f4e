#pragma once

#include <string_view>

#include "base/time.h"
#include "core/transition.h"
#include "services/held_runs.h"

namespace waybill {

std::string_view to_string(StopReason reason);

/// What the ledger is to be told about a run that has ended. Pure. A success counts whatever was
/// asked of the run; a run that stopped because it was asked to is judged by why it was asked.
Event verdict_of(const HeldRun& run, Outcome outcome, Time now);

}  // namespace waybill
