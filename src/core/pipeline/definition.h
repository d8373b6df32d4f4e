#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "core/permission.h"
#include "core/retry.h"
#include "core/task.h"
#include "core/task_definition.h"

namespace waybill::pipeline {

inline constexpr std::size_t kInstancesMax = 10'000;  ///< of all steps of a run, nested ones too
inline constexpr std::size_t kMatrixMax = 1'000;      ///< combinations of one step
/// Of all combinations together, as JSON.
inline constexpr std::size_t kMatrixBytesMax = 16 << 20;
inline constexpr std::size_t kNestingMax = 8;  ///< pipelines in pipelines, the outermost too
inline constexpr std::size_t kStepNameBytesMax = 100;
/// Of all params, outputs, artifacts' names and specs of the tasks of a run together, and of what
/// steps that run are expanded over: what it takes in memory and in a ledger, about.
inline constexpr std::size_t kRunBytesMax = 256 << 20;

enum class StepKind : std::uint8_t { task, pipeline, wait };

/// A step as it is defined. Texts with expressions are kept as they were written.
struct StepDefinition {
  std::string name;
  StepKind kind = StepKind::task;
  std::string task;  ///< a task definition, where inline_task is none
  std::optional<TaskDefinition> inline_task;
  std::string pipeline;
  std::string wait;  ///< JSON object: for, until, http or approval
  std::vector<std::string> needs;
  std::string condition;             ///< `if`; empty: success()
  std::string with = "{}";           ///< JSON object
  std::string inputs;                ///< JSON: files to give it, see core/pipeline/inputs.h
  std::string outputs;               ///< JSON object; empty: the result as it is
  std::string matrix;                ///< JSON; empty: none
  std::string for_each;              ///< JSON: a list, or an expression's text; empty: none
  std::uint32_t max_parallel = 0;    ///< instances at a time; 0: no limit
  bool fail_fast = true;             ///< whether one failed instance ends the others
  Duration timeout{};                ///< zero: the task definition's, or none
  std::optional<RetryPolicy> retry;  ///< none: the task definition's
  std::string queue;                 ///< empty: the pipeline's
  std::optional<int> priority;       ///< none: the pipeline's

  bool is_expanded() const { return !matrix.empty() || !for_each.empty(); }
  bool operator==(const StepDefinition&) const = default;
};

/// Steps that wait for one another, as docs/reference/pipelines.md describes them.
struct PipelineDefinition {
  std::string name;
  std::string params_schema;  ///< JSON Schema of params; empty: any object
  std::vector<StepDefinition> steps;
  std::string outputs = "{}";     ///< JSON object with expressions
  Duration run_time_max{};        ///< of a run as a whole; zero: no limit
  std::uint32_t concurrency = 0;  ///< runs at a time; 0: no limit
  std::string queue;              ///< of its tasks; empty: that of each task definition
  std::optional<int> priority;    ///< likewise
  Labels labels;                  ///< of its tasks, with those of the task definitions
  std::optional<WhoMay> who_may;  ///< start, cancel and retry runs
  std::string notify;             ///< who is told when a run ends, see TaskRequest::notify

  bool operator==(const PipelineDefinition&) const = default;
};

using Pipelines = std::map<std::string, PipelineDefinition>;
using TaskDefinitions = std::map<std::string, TaskDefinition>;

}  // namespace waybill::pipeline
