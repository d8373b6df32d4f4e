#include "core/pipeline/definition_check.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "core/document.h"
#include "core/pipeline/inputs.h"
#include "core/pipeline/matrix.h"
#include "core/pipeline/template.h"
#include "core/pipeline/wait.h"
#include "core/suggest.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

using Violations = std::vector<SchemaViolation>;
using Indices = std::unordered_map<std::string_view, std::size_t>;

Indices indices_of(const PipelineDefinition& pipeline) {
  Indices indices;
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    indices.emplace(pipeline.steps[i].name, i);
  }
  return indices;
}

void add(Violations& violations, const StepDefinition& step, const std::string& field,
         std::string message) {
  violations.push_back(
      {.pointer = child_pointer("/steps", step.name) + field, .message = std::move(message)});
}

void check_needs(const PipelineDefinition& pipeline, Violations& violations) {
  const Indices indices = indices_of(pipeline);
  std::vector<std::string> names;
  for (const StepDefinition& step : pipeline.steps) names.push_back(step.name);
  FewSuggestions did_you_mean;
  for (const StepDefinition& step : pipeline.steps) {
    for (auto need = step.needs.begin(); need != step.needs.end(); ++need) {
      if (!indices.contains(*need)) {
        add(violations, step, "/needs",
            "there is no step \"" + *need + "\"" + did_you_mean(*need, names));
      } else if (*need == step.name) {
        add(violations, step, "/needs", "a step can't need itself");
      } else if (std::find(step.needs.begin(), need, *need) != need) {
        add(violations, step, "/needs", "\"" + *need + "\" is named twice");
      }
    }
  }
}

/// One circle of needs, as `a needs b needs a`; one is enough to find the others.
void check_cycles(const PipelineDefinition& pipeline, Violations& violations) {
  std::vector<char> ordered(pipeline.steps.size(), 0);
  for (const std::size_t index : in_order(pipeline)) ordered[index] = 1;
  const auto first = std::find(ordered.begin(), ordered.end(), 0);
  if (first == ordered.end()) return;
  const Indices indices = indices_of(pipeline);
  // What is left has a need that is left too: following them ends in the circle.
  std::vector<std::size_t> way;
  auto at = static_cast<std::size_t>(first - ordered.begin());
  std::vector<char> seen(pipeline.steps.size(), 0);
  while (seen[at] == 0) {
    seen[at] = 1;
    way.push_back(at);
    for (const std::string& need : pipeline.steps[at].needs) {
      if (ordered[indices.at(need)] != 0) continue;
      at = indices.at(need);
      break;
    }
  }
  way.erase(way.begin(), std::find(way.begin(), way.end(), at));
  std::string text;
  for (const std::size_t step : way) text += pipeline.steps[step].name + " needs ";
  add(violations, pipeline.steps[at], "/needs",
      "these steps wait for each other: " + text + pipeline.steps[at].name);
}

void check_matrix(const StepDefinition& step, Violations& violations) {
  if (step.matrix.empty()) return;
  const auto matrix = json::parse(step.matrix).value();
  const auto parsing = TreeTemplate::parse(matrix);
  if (!parsing.result || !parsing.result->places().empty()) return;  // known when it runs
  if (const auto width = matrix_width(matrix); !width) {
    add(violations, step, "/matrix", width.error().message);
  }
}

/// Names that are written out; others are known when it runs.
void check_input_names(const StepDefinition& step, Violations& violations) {
  if (step.inputs.empty()) return;
  const std::string wrong = wrong_input_name(json::parse(step.inputs).value());
  if (!wrong.empty()) add(violations, step, "/inputs", wrong);
}

/// Labels hold no expressions.
void check_labels(const Labels& labels, const std::string& pointer, Violations& violations) {
  for (const auto& [name, value] : labels) {
    if (value.find("${{") == std::string::npos) continue;
    violations.push_back({.pointer = child_pointer(pointer, name),
                          .message = "holds an expression, which would not be replaced"});
  }
}

void check_fields(const StepDefinition& step, Violations& violations) {
  if (step.name.size() > kStepNameBytesMax) {
    add(violations, step, "",
        "a step's name has at most " + std::to_string(kStepNameBytesMax) + " characters");
  }
  if (!step.matrix.empty() && !step.for_each.empty()) {
    add(violations, step, "/for_each", "a step has a matrix or for_each, not both");
  }
  if (!step.is_expanded() && step.max_parallel > 0) {
    add(violations, step, "/max_parallel", "is for steps with a matrix or for_each");
  }
  if (!step.is_expanded() && !step.fail_fast) {
    add(violations, step, "/fail_fast", "is for steps with a matrix or for_each");
  }
  if (step.kind != StepKind::task) {
    const std::string why = "is for steps that are a task";
    if (step.retry) add(violations, step, "/retry", why);
    if (!step.queue.empty()) add(violations, step, "/queue", why);
    if (step.priority) add(violations, step, "/priority", why);
    if (!step.inputs.empty()) add(violations, step, "/inputs", why);
  }
  if (step.kind == StepKind::wait && step.with != "{}") {
    add(violations, step, "/with", "is for steps that are a task or a pipeline");
  }
  if (step.inline_task && step.inline_task->spec.find("${{") != std::string::npos) {
    add(violations, step, "/task",
        "holds an expression, which would not be replaced: give the value in with, and take it "
        "from the params");
  }
  if (step.inline_task) {
    check_labels(step.inline_task->labels, child_pointer("/steps", step.name) + "/task/labels",
                 violations);
  }
  check_matrix(step, violations);
  check_input_names(step, violations);
  if (step.kind == StepKind::wait) {
    if (step.timeout != Duration::zero() && is_for_time(step.wait)) {
      add(violations, step, "/timeout",
          "is for waits for an answer or an approval: a wait for a time ends when that comes");
    }
    for (SchemaViolation& violation : check_wait(step.wait)) {
      add(violations, step, "/wait" + violation.pointer, std::move(violation.message));
    }
  }
}

}  // namespace

std::vector<std::size_t> in_order(const PipelineDefinition& pipeline) {
  const Indices indices = indices_of(pipeline);
  std::vector<std::vector<std::size_t>> needed_by(pipeline.steps.size());
  std::vector<std::size_t> left(pipeline.steps.size(), 0);
  for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
    for (const std::string& need : pipeline.steps[i].needs) {
      const auto found = indices.find(need);
      if (found == indices.end()) continue;
      needed_by[found->second].push_back(i);
      ++left[i];
    }
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < left.size(); ++i) {
    if (left[i] == 0) order.push_back(i);
  }
  for (std::size_t next = 0; next < order.size(); ++next) {
    for (const std::size_t after : needed_by[order[next]]) {
      if (--left[after] == 0) order.push_back(after);
    }
  }
  return order;
}

NeedsClosure::NeedsClosure(const PipelineDefinition& pipeline) {
  const Indices indices = indices_of(pipeline);
  const std::size_t words = (pipeline.steps.size() + 63) / 64;
  rows_.assign(pipeline.steps.size(), std::vector<std::uint64_t>(words, 0));
  for (const std::size_t step : in_order(pipeline)) {
    for (const std::string& name : pipeline.steps[step].needs) {
      const std::size_t need = indices.at(name);
      for (std::size_t i = 0; i < words; ++i) rows_[step][i] |= rows_[need][i];
      rows_[step][need / 64] |= std::uint64_t{1} << (need % 64);
    }
  }
}

void check_pipeline(const PipelineDefinition& pipeline, Violations& violations) {
  if (pipeline.steps.empty()) {
    violations.push_back({.pointer = "/steps", .message = "there has to be a step"});
  }
  if (pipeline.steps.size() > kInstancesMax) {
    violations.push_back({.pointer = "/steps",
                          .message = "a run has at most " + std::to_string(kInstancesMax) +
                                     " steps; these are " + std::to_string(pipeline.steps.size())});
    return;
  }
  check_labels(pipeline.labels, "/labels", violations);
  for (const StepDefinition& step : pipeline.steps) check_fields(step, violations);
  const std::size_t before = violations.size();
  check_needs(pipeline, violations);
  if (violations.size() == before) check_cycles(pipeline, violations);
  // What an expression may read is known only where the needs are sound.
  if (violations.size() == before) {
    check_expressions(pipeline, NeedsClosure(pipeline), violations);
  }
}

}  // namespace waybill::pipeline
