#pragma once

#include "apps/waybill/store.h"
#include "base/result.h"
#include "core/why.h"

namespace waybill::cli {

/// Everything in the ledger that bears on whether the task can go on, for `why`.
Result<WhyParams> facts_about(Store& store, Task task);

}  // namespace waybill::cli
