#pragma once

#include "adapters/sqlite/sqlite_ledger.h"

namespace waybill {

/// Fills an empty ledger with rows of each table that a copy has, and tasks in each state. Fails
/// the test where something is refused.
void fill_ledger(SqliteLedger& ledger, Clock& clock);

}  // namespace waybill
