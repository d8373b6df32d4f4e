#pragma once

#include <vector>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/session.h"
#include "base/result.h"

namespace waybill::cli {

/// The options of `waybill worker` for one without a database.
std::vector<Option> worker_server_options();
/// Refuses those that go with --server where it is missing.
Status check_no_server_options(const Invocation& invocation);
/// `waybill worker --server URL`: runs the tasks of a ledger on another machine.
Exit run_worker_of_server(Session& session, const Invocation& invocation);

}  // namespace waybill::cli
