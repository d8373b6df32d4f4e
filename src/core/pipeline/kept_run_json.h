#pragma once

#include <boost/json/fwd.hpp>

#include "core/pipeline/kept_run.h"
#include "core/pipeline/plan.h"

namespace waybill::pipeline {

// In the one form that the command line and APIs share (docs/reference/cli-json.md).

boost::json::object run_to_json(const KeptRun& run);
/// A node with the id of its task, where it is one.
boost::json::object node_to_json(const Uuid& run, const KeptNode& node);

/// A pipeline as it is defined: {name, params, steps, …}.
boost::json::object pipeline_to_json(const PipelineDefinition& pipeline);
/// What a plan does: {pipeline, steps}, the steps of pipelines in it too, in an order in which
/// they could run.
boost::json::object plan_to_json(const Plan& plan);

}  // namespace waybill::pipeline
