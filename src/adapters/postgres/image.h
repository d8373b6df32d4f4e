#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/clock.h"
#include "ports/ledger_image.h"

namespace waybill {

/// The ledger in a database, kept from whoever would change it meanwhile: `failed_precondition`
/// where a server or worker is connected to it. Errors otherwise as PostgresLedger::create for one
/// that is there already. `clock` outlives it.
Result<std::unique_ptr<LedgerImage>> open_postgres_image(const std::string& conninfo, Clock& clock);

/// A ledger that is to be the one of that database, written in one transaction; its schema is made
/// at once where there is none. `already_exists` if the ledger there holds anything; else as above.
Result<std::unique_ptr<LedgerDraft>> begin_postgres_draft(const std::string& conninfo,
                                                          Clock& clock);

/// The error of begin_postgres_draft where none could begin; makes no schema.
Status check_postgres_vacant(const std::string& conninfo, Clock& clock);

namespace postgres {

/// The columns, as `table.column`, that an image has or derives; and those, and whole tables, that
/// it leaves out, because they are of a running server, or of this database's own layout.
std::vector<std::string> image_columns();
std::vector<std::string> columns_left_out();
std::vector<std::string> tables_left_out();

}  // namespace postgres
}  // namespace waybill
