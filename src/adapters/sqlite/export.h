#pragma once

#include <functional>
#include <string_view>

#include "adapters/sqlite/database.h"
#include "base/result.h"

namespace waybill::sqlite {

/// As LedgerAdmin::export_tasks.
Status export_ledger(Database& database, const std::function<Status(std::string_view line)>& sink);

}  // namespace waybill::sqlite
