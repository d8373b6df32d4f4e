#pragma once

#include <string>
#include <vector>

#include "apps/waybill/cli/output.h"
#include "apps/waybill/cli/table.h"
#include "core/pipeline/kept_run.h"
#include "core/pipeline/plan.h"

namespace waybill::cli {

Cell run_state_cell(pipeline::RunState state);
Cell node_state_cell(pipeline::NodeState state);

/// What a plan does, as a table.
std::string plan_text(const pipeline::Plan& plan, const Output& output);
/// A run, line by line, and its nodes as a table.
std::string run_text(const pipeline::KeptRun& run, Time now);
std::string nodes_text(const std::vector<pipeline::KeptNode>& nodes, const Output& output);

/// A run's graph, drawn by one of these.
enum class GraphForm : std::uint8_t { text, dot, mermaid };
struct GraphParams {
  const pipeline::Plan& plan;
  const std::vector<pipeline::KeptNode>& nodes;  ///< in the order of their paths
  GraphForm form = GraphForm::text;
};
/// The steps of the outermost pipeline, what they need, and how each stands.
std::string graph_of(const GraphParams& params);

}  // namespace waybill::cli
