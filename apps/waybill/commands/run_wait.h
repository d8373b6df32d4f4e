#pragma once

#include "apps/waybill/commands/run_ids.h"

namespace waybill::cli {

/// Blocks until the run has ended, or a signal comes: then the status has 128 added to its number.
/// Prints the run; 0 if it succeeded, 1 if it did not.
Exit wait_for_run(Session& session, OpenDesk& desk, const Uuid& id);

/// Prints a run that was started: its id, or all of it as JSON.
void print_started(Session& session, const pipeline::KeptRun& run);

}  // namespace waybill::cli
