#pragma once

#include <cstdint>
#include <vector>

#include "adapters/postgres/database.h"
#include "adapters/postgres/lanes.h"
#include "ports/ledger_reader.h"

namespace waybill::postgres {

/// As LedgerReader::events.
Result<std::vector<LedgerEvent>> read_tail(Database& database, LaneTable& lanes,
                                           std::uint64_t after, std::size_t limit);
/// The sequence of the last change of a row of events, by its number and how many it has.
std::uint64_t last_of_row(std::int64_t row, std::int64_t changes);
/// The newest event's sequence; 0: none yet.
Result<std::uint64_t> newest_sequence(Database& database);

}  // namespace waybill::postgres
