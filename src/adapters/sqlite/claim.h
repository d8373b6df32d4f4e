#pragma once

#include <vector>

#include "adapters/sqlite/transaction.h"
#include "ports/ledger.h"

namespace waybill::sqlite {

/// Leases ready tasks as Ledger::claim says, into `claimed`.
Status claim_tasks(Transaction& transaction, const ClaimParams& params, Time now,
                   std::vector<Task>& claimed);

}  // namespace waybill::sqlite
