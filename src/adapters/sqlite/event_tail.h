#pragma once

#include <cstdint>
#include <vector>

#include "adapters/sqlite/database.h"
#include "base/result.h"
#include "ports/ledger_reader.h"

namespace waybill::sqlite {

/// As LedgerReader::events and last_sequence. A sequence is the number of the row in events and
/// the place of the change in it.
Result<std::vector<LedgerEvent>> read_tail(Database& database, std::uint64_t after,
                                           std::size_t limit);
Result<std::uint64_t> newest_sequence(Database& database);

}  // namespace waybill::sqlite
