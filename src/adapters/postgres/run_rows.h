#pragma once

#include <vector>

#include "adapters/postgres/connection.h"
#include "ports/run_store.h"

namespace waybill::postgres {

/// The run in a row of run.sql, runs.sql or live_runs.sql. `data_loss`, with its id, if it cannot
/// be read.
Result<pipeline::KeptRun> read_run(const Rows& rows, int row);
/// The node in a row of run_nodes.sql; likewise.
Result<pipeline::KeptNode> read_run_node(const Rows& rows, int row);

/// The statements that write a settlement down. The first one changes no row if it may not be.
std::vector<Call> calls_of(const RunSettlement& settlement);

}  // namespace waybill::postgres
