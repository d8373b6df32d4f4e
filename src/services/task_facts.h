#pragma once

#include "base/result.h"
#include "core/why.h"
#include "services/ledger_parts.h"

namespace waybill {

/// Everything in the ledger that bears on whether the task can go on, for `why`.
Result<WhyParams> facts_about(const LedgerParts& parts, Task task);

}  // namespace waybill
