#include <algorithm>
#include <boost/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "core/document.h"
#include "core/pipeline/definition_check.h"
#include "core/pipeline/matrix.h"
#include "core/pipeline/template.h"
#include "core/pipeline/wait.h"
#include "core/suggest.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

using Violations = std::vector<SchemaViolation>;
using Strings = std::vector<std::string>;

const Strings kRunMembers = {"id", "pipeline", "created_by"};
const Strings kStepMembers = {"result", "outputs", "artifacts", "error"};

Strings keys_of(const bj::object& object) {
  Strings keys;
  for (const auto& member : object) keys.emplace_back(member.key());
  return keys;
}

/// The params that a schema names; none if others may be given too.
std::optional<Strings> known_params(const std::string& schema) {
  if (schema.empty()) return std::nullopt;
  const auto value = json::parse(schema).value();
  const bj::value* properties = value.get_object().if_contains("properties");
  const bj::value* others = value.get_object().if_contains("additionalProperties");
  if (properties == nullptr || !properties->is_object()) return std::nullopt;
  if (value.get_object().contains("patternProperties")) return std::nullopt;
  if (others != nullptr && *others != bj::value(false)) return std::nullopt;
  return keys_of(properties->get_object());
}

/// The names in a matrix that has no expressions, those of include too; none if they are known only
/// when it runs.
std::optional<Strings> matrix_names(const std::string& matrix) {
  const auto value = json::parse(matrix).value();
  const auto parsing = TreeTemplate::parse(value);
  if (!parsing.result || !parsing.result->places().empty()) return std::nullopt;
  if (!matrix_width(value)) return std::nullopt;
  std::set<std::string> names;
  for (const auto& member : value.get_object()) {
    if (member.key() == "exclude") continue;
    if (member.key() != "include") {
      names.emplace(member.key());
      continue;
    }
    for (const bj::value& entry : member.value().get_array()) {
      for (const auto& added : entry.get_object()) names.emplace(added.key());
    }
  }
  return Strings(names.begin(), names.end());
}

std::string list(const Strings& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

class Checker {
 public:
  Checker(const PipelineDefinition& pipeline, const NeedsClosure& closure, Violations& violations)
      : pipeline_(pipeline),
        closure_(closure),
        violations_(violations),
        params_(known_params(pipeline.params_schema)) {
    for (std::size_t i = 0; i < pipeline.steps.size(); ++i) {
      indices_.emplace(pipeline.steps[i].name, i);
      step_names_.push_back(pipeline.steps[i].name);
    }
    for (const StepDefinition& step : pipeline.steps) {
      outputs_.push_back(declared_outputs(step));
    }
  }

  void run() {
    for (step_ = 0; step_ < pipeline_.steps.size(); ++step_) {
      const StepDefinition& step = pipeline_.steps[step_];
      base_ = child_pointer("/steps", step.name);
      matrix_ = step.matrix.empty() ? std::nullopt : matrix_names(step.matrix);
      if (!step.condition.empty()) single(step.condition, Field::condition, "/if");
      if (!step.matrix.empty()) {
        expansion(json::parse(step.matrix).value(), Field::expansion, "/matrix");
      }
      if (!step.for_each.empty()) {
        const bj::value each = json::parse(step.for_each).value();
        if (!each.is_string() && !each.is_array()) {
          violations_.push_back({.pointer = base_ + "/for_each",
                                 .message = "has to be a list, or an expression that gives one"});
        }
        expansion(each, Field::expansion, "/for_each");
      }
      tree(json::parse(step.with).value(), Field::with, "/with");
      if (!step.inputs.empty()) {
        expansion(json::parse(step.inputs).value(), Field::with, "/inputs");
      }
      if (!step.wait.empty()) tree(wait_template(step.wait), Field::with, "/wait");
      if (!step.outputs.empty()) {
        tree(json::parse(step.outputs).value(), Field::outputs, "/outputs");
      }
    }
    base_.clear();
    matrix_.reset();
    tree(json::parse(pipeline_.outputs).value(), Field::pipeline_outputs, "/outputs");
  }

 private:
  /// Of a step whose outputs are one map, written out.
  static std::optional<Strings> declared_outputs(const StepDefinition& step) {
    if (step.outputs.empty() || step.is_expanded()) return std::nullopt;
    return keys_of(json::parse(step.outputs).value().get_object());
  }

  /// A text that is one expression.
  void single(std::string_view text, Field field, const std::string& name) {
    const auto parsing = Template::parse_condition(text);
    if (parsing.result) {
      reads(*parsing.result, field, base_ + name);
    } else {
      violations_.push_back(violation_of(parsing.error, text, base_ + name));
    }
  }

  /// A text that is one expression, or a tree that holds some.
  void expansion(const bj::value& value, Field field, const std::string& name) {
    if (value.is_string()) {
      single(std::string_view(value.get_string()), field, name);
    } else {
      tree(value, field, name);
    }
  }

  void tree(const bj::value& value, Field field, const std::string& name) {
    auto parsing = TreeTemplate::parse(value);
    for (SchemaViolation& violation : parsing.violations) {
      violation.pointer = base_ + name + violation.pointer;
      violations_.push_back(std::move(violation));
    }
    if (!parsing.result) return;
    for (const TreeTemplate::Place& place : parsing.result->places()) {
      reads(place.text, field, base_ + name + place.pointer);
    }
  }

  void reads(const Template& text, Field field, const std::string& pointer) {
    if (field != Field::condition && text.asks_status()) {
      violations_.push_back({.pointer = pointer,
                             .message = "success(), failure(), cancelled() and always() can be "
                                        "asked in an if only"});
    }
    for (const ExpressionRead& read : text.reads()) {
      const std::string wrong = wrong_with(read, field);
      if (wrong.empty()) continue;
      const ExpressionError error{
          .offset = read.offset, .at = position_of(text.text(), read.offset), .message = wrong};
      violations_.push_back(violation_of(error, text.text(), pointer));
    }
  }

  Strings contexts(Field field) const {
    Strings all = {"params", "steps", "run"};
    if (field == Field::with || field == Field::outputs) {
      const StepDefinition& step = pipeline_.steps[step_];
      if (!step.matrix.empty()) all.emplace_back("matrix");
      if (!step.for_each.empty()) all.insert(all.end(), {"item", "index"});
    }
    if (field == Field::outputs) all.emplace_back("result");
    return all;
  }

  /// Empty if nothing is.
  std::string wrong_with(const ExpressionRead& read, Field field) {
    const Strings all = contexts(field);
    if (std::find(all.begin(), all.end(), read.context) == all.end()) {
      return "there is no \"" + read.context + "\" here, only " + list(all) +
             suggest_(read.context, all);
    }
    if (read.context == "steps") return wrong_with_step(read, field);
    if (read.members.empty()) return "";
    const std::string& name = read.members[0];
    if (read.context == "params" && params_) return unless_known(name, *params_, "param");
    if (read.context == "matrix" && matrix_) return unless_known(name, *matrix_, "matrix value");
    if (read.context == "run") return unless_known(name, kRunMembers, "member of run");
    return "";
  }

  std::string unless_known(const std::string& name, const Strings& known, const std::string& what) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return "";
    return "there is no " + what + " \"" + name + "\"" + suggest_(name, known);
  }

  std::string wrong_with_step(const ExpressionRead& read, Field field) {
    if (read.members.empty()) return "write out which step is meant: steps.NAME";
    const std::string& name = read.members[0];
    const auto found = indices_.find(name);
    if (found == indices_.end()) return unless_known(name, step_names_, "step");
    if (field != Field::pipeline_outputs && !closure_.contains(step_, found->second)) {
      return "\"" + name + "\" need not have ended by then: add it to needs";
    }
    if (read.members.size() == 1) return "";
    if (auto wrong = unless_known(read.members[1], kStepMembers, "member of a step");
        !wrong.empty()) {
      return wrong;
    }
    if (read.members[1] == "artifacts") return wrong_with_artifacts(found->second);
    const auto& outputs = outputs_[found->second];
    if (read.members[1] != "outputs" || read.members.size() == 2 || !outputs) return "";
    return unless_known(read.members[2], *outputs, "output of " + name);
  }

  std::string wrong_with_artifacts(std::size_t step) const {
    switch (pipeline_.steps[step].kind) {
      case StepKind::task:
        return "";
      case StepKind::pipeline:
        return "a pipeline has no artifacts of its own: let its outputs give those of its steps";
      case StepKind::wait:
        break;
    }
    return "a wait leaves no artifacts";
  }

  const PipelineDefinition& pipeline_;
  const NeedsClosure& closure_;
  Violations& violations_;
  const std::optional<Strings> params_;
  std::unordered_map<std::string_view, std::size_t> indices_;
  Strings step_names_;
  FewSuggestions suggest_;
  std::vector<std::optional<Strings>> outputs_;
  std::size_t step_ = 0;
  std::string base_;
  std::optional<Strings> matrix_;
};

}  // namespace

void check_expressions(const PipelineDefinition& pipeline, const NeedsClosure& closure,
                       Violations& violations) {
  Checker(pipeline, closure, violations).run();
}

}  // namespace waybill::pipeline
