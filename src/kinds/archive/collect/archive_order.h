#pragma once

#include "kinds/archive/collect/archiver.h"

namespace waybill {

/// How a task wants items to be archived: parallelism, delays, limits. `invalid_argument` with the
/// pointer of the field.
Result<ArchiveTerms> read_archive_terms(const boost::json::object& fields,
                                        const TaskRequest& request);

/// Why a worker with this desk archives no collection; fine if it does.
Status can_archive(const ArchiveDesk* desk);

}  // namespace waybill
