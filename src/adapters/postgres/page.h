#pragma once

#include "adapters/postgres/database.h"
#include "adapters/postgres/lanes.h"
#include "ports/ledger_reader.h"

namespace waybill::postgres {

/// As LedgerReader::page.
Result<TaskPage> read_page(Database& database, LaneTable& lanes, const PageParams& params);

}  // namespace waybill::postgres
