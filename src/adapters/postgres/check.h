#pragma once

#include "adapters/postgres/connection.h"
#include "ports/ledger_admin.h"

namespace waybill::postgres {

/// As LedgerAdmin::check, on the snapshot of the connection's transaction.
Result<CheckReport> check_ledger(Connection& connection);

}  // namespace waybill::postgres
