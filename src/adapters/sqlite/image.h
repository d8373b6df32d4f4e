#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/clock.h"
#include "ports/ledger_image.h"

namespace waybill {

/// The ledger in a file, which no other program may have open meanwhile: `failed_precondition`
/// where one has. Errors otherwise as SqliteLedger::create for one that is there already. `clock`
/// outlives it.
Result<std::unique_ptr<LedgerImage>> open_sqlite_image(const std::string& path, Clock& clock);

/// A ledger that is to be the file `path`, written beside it under another name until it is
/// published. `already_exists` if there is a file of that name, by the end too; what a draft that
/// was cut off has left is removed. The directory is there.
Result<std::unique_ptr<LedgerDraft>> begin_sqlite_draft(const std::string& path, Clock& clock);

/// `already_exists` where no draft could begin.
Status check_sqlite_vacant(const std::string& path);

namespace sqlite {

/// The columns, as `table.column`, that an image has or derives; and those that it leaves out,
/// because they are of a running server, or of this database's own layout.
std::vector<std::string> image_columns();
std::vector<std::string> columns_left_out();

}  // namespace sqlite
}  // namespace waybill
