#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "ports/ledger_reader.h"

namespace waybill::cli {

/// The task whose id is, or begins with, `text` (4 characters at least). `not_found` and
/// `invalid_argument` (more than one task) say what to do next.
Result<Task> find_task(LedgerReader& reader, const std::string& text);

/// As find_task for each, or the first error.
Result<std::vector<Task>> find_tasks(LedgerReader& reader, const std::vector<std::string>& texts);

}  // namespace waybill::cli
