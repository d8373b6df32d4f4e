#pragma once

#include <string>

#include "adapters/sqlite/database.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill::sqlite {

/// As LedgerAdmin::backup.
Status back_up(Database& source, const std::string& path, Clock& clock);

}  // namespace waybill::sqlite
