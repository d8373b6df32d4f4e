#pragma once

#include <memory>
#include <string>

#include "apps/waybill/session.h"
#include "kinds/archive/desk.h"

namespace waybill::cli {

/// What a worker's archiving kinds work with, by the session's settings; `directory` is the
/// worker's own, and `turns`, of its ledger, outlive it. `invalid_argument` for a setting that is
/// none.
Result<std::unique_ptr<ArchiveDesk>> open_archive_desk(Session& session,
                                                       const std::string& directory,
                                                       HostTurns& turns);

}  // namespace waybill::cli
