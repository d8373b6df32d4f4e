#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "core/pipeline/definition.h"
#include "core/pipeline/template.h"

namespace waybill::pipeline {

struct PlanPipeline;

/// As a `who_may` is written in a definition.
std::string to_json_text(const WhoMay& rule);

/// A step with all that its definition names.
struct PlanStep {
  StepDefinition definition;
  std::vector<std::uint32_t> needs;
  std::vector<std::uint32_t> needed_by;
  std::optional<Template> condition;      ///< none: success()
  std::optional<TreeTemplate> expansion;  ///< matrix or for_each
  std::optional<TreeTemplate> with;
  std::optional<TreeTemplate> inputs;  ///< none: it is given no files
  std::optional<TreeTemplate> wait;
  std::optional<TreeTemplate> outputs;  ///< none: the result as it is
  /// Whether something reads the files that its tasks leave: only then a run knows them.
  bool shows_artifacts = false;
  const TaskDefinition* task = nullptr;  ///< of the plan: many steps may share one
  const PlanPipeline* pipeline = nullptr;
};

struct PlanPipeline {
  PipelineDefinition definition;
  std::vector<PlanStep> steps;
  std::optional<TreeTemplate> outputs;
  std::unordered_map<std::string, std::uint32_t> indices;
};

/// A request for the task of a step, with what the step and its pipeline say instead of its
/// definition.
TaskRequest make_request(const PlanStep& step, const PipelineDefinition& pipeline,
                         std::string params);

/// What a run does: a pipeline with every pipeline and task that it leads to, as they were when it
/// was made. Immutable; runs share it.
class Plan {
 public:
  /// `not_found` without such a pipeline, `invalid_argument` with all that is wrong with it or with
  /// what it leads to.
  static Result<std::shared_ptr<const Plan>> make(const std::string& name,
                                                  const Pipelines& pipelines,
                                                  const TaskDefinitions& tasks);
  /// Reads what `to_json_text` wrote. `invalid_argument` for anything else.
  static Result<std::shared_ptr<const Plan>> read(std::string_view json);
  /// For a ledger to keep. Rules (`who_may`) of tasks are not in it: runs do not ask them.
  std::string to_json_text() const;

  const PlanPipeline& root() const { return *root_; }
  /// The step of a node (`deploy[0]/push`); null: there is none.
  const PlanStep* step_of(std::string_view path) const;
  const Pipelines& pipelines() const { return pipelines_; }
  const TaskDefinitions& tasks() const { return tasks_; }

 private:
  Plan() = default;
  void compile();

  Pipelines pipelines_;
  TaskDefinitions tasks_;
  std::map<std::string, PlanPipeline> compiled_;
  const PlanPipeline* root_ = nullptr;
};

}  // namespace waybill::pipeline
