#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ports/ledger_image.h"
#include "ports/log_store.h"

namespace waybill {

/// The rows of one table, and the SHA-256 of all of them in the order of their key: 64 digits, the
/// same for the same rows whichever database keeps them.
struct CopiedTable {
  std::string name;
  std::int64_t rows = 0;
  std::string sha256;

  bool operator==(const CopiedTable&) const = default;
};

struct LedgerCopy {
  std::vector<CopiedTable> tables;
  std::int64_t tasks_checked = 0;
  std::int64_t texts_changed = 0;  ///< that the new place could not keep as they were
};

/// The tables as they are in a ledger.
Result<std::vector<CopiedTable>> digest_tables(LedgerImage& image);

/// Copies all tables. What was written is read again, and has to be what was read first; both
/// ledgers have to pass their check. Then `to` may be published, which is left to the caller.
/// `failed_precondition` if the check of `from` finds anything, `data_loss` if what was written is
/// not the same. `told` (may be empty) hears how many rows there are so far.
Result<LedgerCopy> copy_ledger(LedgerImage& from, LedgerDraft& to,
                               const std::function<void(std::int64_t rows)>& told);

struct OutputCopy {
  std::int64_t tasks = 0;
  std::int64_t bytes = 0;
};

/// Copies the output of all tasks, and reads it again: `data_loss` if it is not the same. Safe to
/// repeat where it was cut off: what is there is not written again. `told` (may be empty) hears how
/// many tasks there are so far.
Result<OutputCopy> copy_output(LogStore& from, LogStore& to,
                               const std::function<void(std::int64_t tasks)>& told);

}  // namespace waybill
