#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>

#include "base/json.h"
#include "core/document.h"
#include "core/pipeline/definition_check.h"
#include "core/pipeline/matrix.h"
#include "core/pipeline/template.h"
#include "core/suggest.h"
#include "core/task_input.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& each : map) names.push_back(each.first);
  return names;
}

/// How many instances a step has at least.
std::size_t width_of(const StepDefinition& step) {
  const std::string& text = step.matrix.empty() ? step.for_each : step.matrix;
  if (text.empty()) return 1;
  const auto value = json::parse(text).value();
  const auto parsing = TreeTemplate::parse(value);
  if (!parsing.result || !parsing.result->places().empty()) return 1;
  if (step.matrix.empty()) return value.is_array() ? value.get_array().size() : 1;
  return matrix_width(value).value_or(1);
}

class ReferenceCheck {
 public:
  ReferenceCheck(const Pipelines& pipelines, const TaskDefinitions& tasks)
      : pipelines_(pipelines),
        tasks_(tasks),
        task_names_(names_of(tasks)),
        pipeline_names_(names_of(pipelines)) {}

  std::vector<PipelineViolation> run() {
    for (const auto& [name, pipeline] : pipelines_) {
      name_ = name;
      for (const StepDefinition& step : pipeline.steps) check_step(step);
      measure_from(pipeline);
    }
    return std::move(found_);
  }

 private:
  /// What a pipeline brings into a run.
  struct Size {
    std::size_t instances = 0;
    std::size_t levels = 1;
  };

  void add(const StepDefinition& step, const std::string& field, std::string message) {
    found_.push_back(
        {name_,
         {.pointer = child_pointer("/steps", step.name) + field, .message = std::move(message)}});
  }

  void check_step(const StepDefinition& step) {
    if (step.kind == StepKind::task && step.task.empty() && !step.inline_task) return;
    if (step.kind == StepKind::task && !step.inline_task) {
      const auto task = tasks_.find(step.task);
      if (task == tasks_.end()) {
        add(step, "/task",
            "there is no task definition \"" + step.task + "\"" + suggest_(step.task, task_names_));
      } else {
        check_with(step, task->second.params_schema);
        check_kind(step, task->second.kind);
      }
    } else if (step.kind == StepKind::task) {
      check_with(step, step.inline_task->params_schema);
      check_kind(step, step.inline_task->kind);
    } else if (step.kind == StepKind::pipeline) {
      const auto pipeline = pipelines_.find(step.pipeline);
      if (pipeline == pipelines_.end()) {
        add(step, "/pipeline",
            "there is no pipeline \"" + step.pipeline + "\"" +
                suggest_(step.pipeline, pipeline_names_));
      } else {
        check_with(step, pipeline->second.params_schema);
      }
    }
  }

  void check_kind(const StepDefinition& step, const std::string& kind) {
    if (step.inputs.empty() || takes_inputs(kind)) return;
    add(step, "/inputs",
        "tasks of kind " + kind + " are given no files; command, container and repo.run are");
  }

  /// Params without expressions are known now.
  void check_with(const StepDefinition& step, const std::string& schema) {
    if (step.with.find("${{") != std::string::npos) return;
    if (const Status s = check_params(schema, step.with); !s) {
      add(step, step.with == "{}" ? "" : "/with", s.error().message);
    }
  }

  void measure_from(const PipelineDefinition& pipeline) {
    way_ = {pipeline.name};
    stopped_ = false;
    const Size size = measure(pipeline);
    if (stopped_ || size.instances <= kInstancesMax) return;
    found_.push_back({name_,
                      {.pointer = "/steps",
                       .message = "a run has at most " + std::to_string(kInstancesMax) +
                                  " steps, with all matrices and pipelines in pipelines; "
                                  "these are at least " +
                                  std::to_string(size.instances)}});
  }

  /// Stops at the first thing that can't be.
  Size measure(const PipelineDefinition& pipeline) {
    if (const auto known = sizes_.find(pipeline.name); known != sizes_.end()) {
      if (way_.size() - 1 + known->second.levels > kNestingMax) too_deep();
      return known->second;
    }
    Size size;
    for (const StepDefinition& step : pipeline.steps) {
      std::size_t each = 1;
      const auto inner = pipelines_.find(step.pipeline);
      if (step.kind == StepKind::pipeline && inner != pipelines_.end()) {
        enter(step);
        if (stopped_) return size;
        way_.push_back(step.pipeline);
        const Size more = measure(inner->second);
        way_.pop_back();
        if (stopped_) return size;
        each += more.instances;
        size.levels = std::max(size.levels, more.levels + 1);
      }
      // Far beyond the limit the exact number is of no use.
      size.instances = std::min(size.instances + width_of(step) * each, 1000 * kInstancesMax);
    }
    sizes_.emplace(pipeline.name, size);
    return size;
  }

  void enter(const StepDefinition& step) {
    if (way_.size() == 1) first_ = &step;
    if (way_.size() >= kNestingMax) {
      too_deep();
    } else if (std::find(way_.begin(), way_.end(), step.pipeline) != way_.end()) {
      stopped_ = true;
      if (step.pipeline != name_) return;  // it is said where the circle is
      std::string text;
      for (const std::string& name : way_) text += name + " runs ";
      add(*first_, "/pipeline", "leads back into this pipeline: " + text + step.pipeline);
    }
  }

  void too_deep() {
    if (stopped_) return;
    stopped_ = true;
    add(*first_, "/pipeline",
        "pipelines in pipelines go at most " + std::to_string(kNestingMax) +
            " levels deep; this one goes deeper");
  }

  const Pipelines& pipelines_;
  const TaskDefinitions& tasks_;
  const std::vector<std::string> task_names_;
  const std::vector<std::string> pipeline_names_;
  std::vector<PipelineViolation> found_;
  FewSuggestions suggest_;
  std::string name_;
  std::map<std::string, Size> sizes_;
  std::vector<std::string> way_;
  const StepDefinition* first_ = nullptr;
  bool stopped_ = false;
};

}  // namespace

std::vector<PipelineViolation> check_references(const Pipelines& pipelines,
                                                const TaskDefinitions& tasks) {
  return ReferenceCheck(pipelines, tasks).run();
}

}  // namespace waybill::pipeline
