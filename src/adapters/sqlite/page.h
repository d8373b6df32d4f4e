#pragma once

#include "adapters/sqlite/database.h"
#include "base/result.h"
#include "ports/ledger_reader.h"

namespace waybill::sqlite {

/// As LedgerReader::page.
Result<TaskPage> read_page(Database& database, const PageParams& params);

}  // namespace waybill::sqlite
