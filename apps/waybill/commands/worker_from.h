#pragma once

#include <vector>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/session.h"
#include "base/result.h"

namespace waybill::cli {

/// The options of `waybill worker` that go with --from.
std::vector<Option> worker_from_options();
/// Refuses them, and a command, where --from is missing.
Status check_no_from_options(const Invocation& invocation);
/// `waybill worker --from …`: takes messages of a broker and runs a program for each.
Exit run_worker_from(Session& session, const Invocation& invocation);

}  // namespace waybill::cli
