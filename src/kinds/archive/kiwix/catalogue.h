#pragma once

#include <string>
#include <vector>

#include "kinds/archive/desk.h"
#include "kinds/archive/kiwix/opds.h"
#include "ports/task_kind.h"

namespace waybill {

/// All ZIM files of a catalogue, page by page: by `start` and `count`, or as it links to the next
/// one. Errors as of fetch_text; `failed_precondition` for what is no catalogue, goes round in
/// circles, or has no end.
Result<std::vector<OpdsEntry>> entries_of_catalogue(const std::string& url, ArchiveDesk& desk,
                                                    TaskContext& context);

}  // namespace waybill
