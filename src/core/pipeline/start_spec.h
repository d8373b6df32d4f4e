#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/uuid.h"
#include "core/pipeline/definition.h"
#include "core/task.h"

namespace waybill::pipeline {

/// The kind of tasks that start a run: what a schedule makes of a pipeline.
inline constexpr std::string_view kStartKind = "pipeline.start";

/// The spec of such a task; its params are those of the run.
struct StartSpec {
  std::string pipeline;
  std::optional<int> priority;  ///< of the run's tasks, instead of their own
  std::string notify;           ///< who is told of the run besides, see TaskRequest::notify

  bool operator==(const StartSpec&) const = default;
};

/// The task that starts a run of the pipeline. Of its own end only failures are told: the run tells
/// the rest. Params are not checked.
TaskRequest make_start_request(const PipelineDefinition& pipeline, const StartSpec& spec,
                               std::string params);

std::string to_json_text(const StartSpec& spec);
/// The JSON Schema of such specs.
std::string_view start_spec_schema();
/// `invalid_argument`, which begins with a JSON pointer where one field is wrong.
Result<StartSpec> read_start_spec(std::string_view json);
/// The run that a task of that kind starts: the same however often it is tried.
Uuid run_of_start(const Uuid& task);

}  // namespace waybill::pipeline
