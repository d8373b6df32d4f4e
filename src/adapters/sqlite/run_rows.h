#pragma once

#include "adapters/sqlite/database.h"
#include "core/pipeline/kept_run.h"

namespace waybill::sqlite {

/// The run in a row of run.sql, runs.sql or live_runs.sql. `data_loss`, with its id, if it cannot
/// be read.
Result<pipeline::KeptRun> read_run(Statement& row);
/// The node in a row of run_nodes.sql; likewise.
Result<pipeline::KeptNode> read_run_node(Statement& row);

}  // namespace waybill::sqlite
