#pragma once

#include "adapters/sqlite/database.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/ledger_admin.h"

namespace waybill::sqlite {

/// As LedgerAdmin::check.
Result<CheckReport> check_ledger(Database& database, Clock& clock);

}  // namespace waybill::sqlite
