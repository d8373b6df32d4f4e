#include "core/pipeline/plan.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/check.h"
#include "base/json.h"
#include "core/pipeline/definition_check.h"
#include "core/pipeline/wait.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

constexpr std::size_t kProblemsMax = 10;

/// The pipeline and all that it leads to, as far as they are there.
void collect(const std::string& name, const Pipelines& all, Pipelines& found) {
  std::vector<std::string> left = {name};
  while (!left.empty()) {
    const auto each = all.find(left.back());
    left.pop_back();
    if (each == all.end() || !found.insert(*each).second) continue;
    for (const StepDefinition& step : each->second.steps) {
      if (step.kind == StepKind::pipeline) left.push_back(step.pipeline);
    }
  }
}

std::vector<std::string> problems_of(const Pipelines& pipelines, const TaskDefinitions& tasks) {
  std::vector<std::string> problems;
  for (const auto& [name, pipeline] : pipelines) {
    std::vector<SchemaViolation> violations;
    check_pipeline(pipeline, violations);
    for (const SchemaViolation& each : violations) {
      problems.push_back("/" + name + to_string(each));
    }
  }
  if (!problems.empty()) return problems;
  for (const PipelineViolation& each : check_references(pipelines, tasks)) {
    problems.push_back("/" + each.pipeline + to_string(each.violation));
  }
  return problems;
}

TreeTemplate template_of(const bj::value& value) {
  auto parsing = TreeTemplate::parse(value);
  WAYBILL_CHECK(parsing.result, "a pipeline that was checked has sound templates");
  return std::move(*parsing.result);
}

TreeTemplate template_of(const std::string& json) { return template_of(json::parse(json).value()); }

PlanStep compile_step(const StepDefinition& definition) {
  PlanStep step{.definition = definition};
  if (!definition.condition.empty()) {
    step.condition = Template::parse_condition(definition.condition).result;
  }
  const std::string& expansion =
      definition.matrix.empty() ? definition.for_each : definition.matrix;
  if (!expansion.empty()) {
    step.expansion = template_of(expression_template(json::parse(expansion).value()));
  }
  step.with = template_of(definition.with);
  if (!definition.inputs.empty()) {
    step.inputs = template_of(expression_template(json::parse(definition.inputs).value()));
  }
  if (!definition.wait.empty()) step.wait = template_of(wait_template(definition.wait));
  if (!definition.outputs.empty()) step.outputs = template_of(definition.outputs);
  return step;
}

/// Notes of which steps a text reads the artifacts, or all that there is.
void note_reads(const Template& text, PlanPipeline& pipeline) {
  for (const ExpressionRead& read : text.reads()) {
    if (read.context != "steps" || read.members.empty()) continue;
    if (read.members.size() > 1 && read.members[1] != "artifacts") continue;
    PlanStep& step = pipeline.steps[pipeline.indices.at(read.members[0])];
    step.shows_artifacts = step.definition.kind == StepKind::task;
  }
}

void note_reads(const std::optional<TreeTemplate>& tree, PlanPipeline& pipeline) {
  if (!tree) return;
  for (const TreeTemplate::Place& place : tree->places()) note_reads(place.text, pipeline);
}

void note_reads(PlanPipeline& pipeline) {
  for (const PlanStep& step : pipeline.steps) {
    if (step.condition) note_reads(*step.condition, pipeline);
    for (const auto* tree :
         {&step.expansion, &step.with, &step.inputs, &step.wait, &step.outputs}) {
      note_reads(*tree, pipeline);
    }
  }
  note_reads(pipeline.outputs, pipeline);
}

}  // namespace

const PlanStep* Plan::step_of(std::string_view path) const {
  const PlanPipeline* pipeline = root_;
  for (;;) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    const auto found = pipeline->indices.find(std::string(part.substr(0, part.find('['))));
    if (found == pipeline->indices.end()) return nullptr;
    const PlanStep& step = pipeline->steps[found->second];
    if (slash == path.npos) return &step;
    pipeline = step.pipeline;
    if (pipeline == nullptr) return nullptr;
    path.remove_prefix(slash + 1);
  }
}

TaskRequest make_request(const PlanStep& step, const PipelineDefinition& pipeline,
                         std::string params) {
  const StepDefinition& own = step.definition;
  TaskRequest task = make_request(*step.task, std::move(params));
  if (own.inline_task) task.definition.clear();  // a task definition of that name is another one
  if (!pipeline.queue.empty()) task.queue = pipeline.queue;
  if (!own.queue.empty()) task.queue = own.queue;
  if (pipeline.priority) task.priority = *pipeline.priority;
  if (own.priority) task.priority = *own.priority;
  if (own.timeout != Duration::zero()) task.run_time_max = own.timeout;
  if (own.retry) task.retry = *own.retry;
  task.labels.insert(task.labels.end(), pipeline.labels.begin(), pipeline.labels.end());
  return task;
}

Result<std::shared_ptr<const Plan>> Plan::make(const std::string& name, const Pipelines& pipelines,
                                               const TaskDefinitions& tasks) {
  std::unique_ptr<Plan> plan(new Plan());
  collect(name, pipelines, plan->pipelines_);
  if (plan->pipelines_.empty()) {
    return fail(Code::not_found, "there is no pipeline \"" + name + "\"");
  }
  for (const auto& [each, pipeline] : plan->pipelines_) {
    for (const StepDefinition& step : pipeline.steps) {
      const auto task = tasks.find(step.task);
      if (task != tasks.end()) plan->tasks_.insert(*task);
    }
  }
  const auto problems = problems_of(plan->pipelines_, plan->tasks_);
  if (!problems.empty()) {
    std::string text = "pipeline \"" + name + "\" can't be run";
    for (std::size_t i = 0; i < std::min(problems.size(), kProblemsMax); ++i) {
      text += (i == 0 ? ": " : "; ") + problems[i];
    }
    return fail(Code::invalid_argument, text);
  }
  plan->compile();
  plan->root_ = &plan->compiled_.at(name);
  return std::shared_ptr<const Plan>(std::move(plan));
}

void Plan::compile() {
  for (const auto& [name, definition] : pipelines_) {
    PlanPipeline& pipeline = compiled_[name];
    pipeline.definition = definition;
    pipeline.outputs = template_of(definition.outputs);
    for (const StepDefinition& step : definition.steps) {
      pipeline.indices.emplace(step.name, static_cast<std::uint32_t>(pipeline.steps.size()));
      pipeline.steps.push_back(compile_step(step));
    }
    note_reads(pipeline);
  }
  for (auto& [name, pipeline] : compiled_) {
    for (std::uint32_t i = 0; i < pipeline.steps.size(); ++i) {
      PlanStep& step = pipeline.steps[i];
      for (const std::string& need : step.definition.needs) {
        step.needs.push_back(pipeline.indices.at(need));
        pipeline.steps[step.needs.back()].needed_by.push_back(i);
      }
      if (step.definition.kind == StepKind::task) {
        const auto& own = step.definition.inline_task;
        step.task = own ? &*own : &tasks_.at(step.definition.task);
      } else if (step.definition.kind == StepKind::pipeline) {
        step.pipeline = &compiled_.at(step.definition.pipeline);
      }
    }
  }
}

}  // namespace waybill::pipeline
