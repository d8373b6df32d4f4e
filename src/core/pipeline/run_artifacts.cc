// Files between steps: what a task is given, and what it left.

#include <boost/json.hpp>

#include "base/json.h"
#include "core/pipeline/inputs.h"
#include "core/pipeline/run_engine.h"

namespace waybill::pipeline {

Result<std::vector<TaskInput>> RunEngine::inputs_for(std::uint32_t index) const {
  const Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  if (!plan.inputs) return std::vector<TaskInput>();
  const auto value = evaluate(index, *plan.inputs, nullptr);
  if (!value) return fail(value.error());
  auto inputs = inputs_of(*value);
  if (!inputs) return inputs;
  if (auto s = check_input_bytes(*inputs, input_bytes_max(plan.task->spec)); !s) {
    return fail(s.error());
  }
  if (auto s = afford(json::serialize(to_json(*inputs)).size()); !s) return fail(s.error());
  return inputs;
}

std::string RunEngine::artifacts_of(std::uint32_t index, const Ended& what, Status& status) const {
  const Instance& instance = instances_[index];
  if (what.state != NodeState::succeeded) return "";
  if (!plan_step(instance.frame, instance.step).shows_artifacts) return "";
  const std::string text = what.artifacts.empty() ? "{}" : what.artifacts;
  status = afford(text.size());
  if (status) return text;
  status = fail(with_context(status.error(), "artifacts, their names and digests"));
  return "";
}

}  // namespace waybill::pipeline
