#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/json_schema.h"
#include "core/pipeline/inputs.h"
#include "core/pipeline/run_engine.h"
#include "core/pipeline/run_names.h"
#include "core/pipeline/run_values.h"
#include "core/run_prefix.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// It is the name of its only field.
WaitKind kind_of_wait(const PlanStep& step) {
  const bj::object& wait = step.wait->source().get_object();
  if (wait.contains("http")) return WaitKind::http;
  return wait.contains("approval") ? WaitKind::approval : WaitKind::time;
}

/// Who may approve where the wait does not say: whoever may start the run.
void name_who_may(bj::value& wait, const std::optional<WhoMay>& rule) {
  bj::value* approval = wait.get_object().if_contains("approval");
  if (!rule || approval == nullptr || !approval->is_object()) return;
  if (approval->get_object().contains("who_may")) return;
  approval->get_object()["who_may"] = json::parse(to_json_text(*rule)).value();
}

/// The earlier of two times, zero being never.
Time earlier(Time a, Time b) {
  if (a == Time{}) return b;
  return b == Time{} ? a : std::min(a, b);
}

Time after(Time now, Duration limit) { return limit == Duration::zero() ? Time{} : now + limit; }

}  // namespace

void RunEngine::start(std::uint32_t frame, std::uint32_t step, std::uint32_t number) {
  const auto index = static_cast<std::uint32_t>(instances_.size());
  const PlanStep& plan = plan_step(frame, step);
  Instance& instance = instances_.emplace_back();
  instance.frame = frame;
  instance.step = step;
  instance.number = number;
  instance.path = step_path(frame, step);
  if (number != kNone) instance.path += "[" + std::to_string(number) + "]";
  StepRun& run = frames_[frame].steps[step];
  run.instances.push_back(index);
  ++run.running;
  if (const Record* record = stored(instance.path)) {
    restore(index, *record);
    return;
  }
  if (run.stopping) {
    finish(index, {.path = instance.path,
                   .state = NodeState::cancelled,
                   .outputs = "",
                   .error = "it was not begun any more"});
    return;
  }
  Status status;
  if (plan.definition.kind == StepKind::task) {
    status = start_task(index);
  } else if (plan.definition.kind == StepKind::wait) {
    status = start_wait(index);
  } else {
    status = start_pipeline(index, nullptr);
  }
  if (status) return;
  finish(index, {.path = instance.path,
                 .state = NodeState::failed,
                 .outputs = "",
                 .error = status.error().message});
}

void RunEngine::restore(std::uint32_t index, const Record& record) {
  Instance& instance = instances_[index];
  if (record.state != NodeState::running) {
    count_stored(instance.path);
    settle_instance(index, {.state = record.state,
                            .outputs = record.outputs,
                            .artifacts = record.artifacts,
                            .error = record.error});
    return;
  }
  instance.stop = record.stop;
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  if (record.due != Time{}) due_.emplace(record.due, index);
  if (plan.definition.kind == StepKind::pipeline) {
    if (const Status s = start_pipeline(index, &record); !s) {
      finish(index, {.path = instance.path,
                     .state = NodeState::failed,
                     .outputs = "",
                     .error = s.error().message});
      return;
    }
  } else {
    bytes_ += record.bytes;
    if (plan.definition.kind == StepKind::wait) instance.wait = kind_of_wait(plan);
    running_.emplace(instance.path, index);
  }
  const Stop around = frames_[instance.frame].stop;
  const bool goes_on =
      around == Stop::none || holds(instance.frame, instance.step, around).value_or(false);
  const Stop least = around == Stop::at_once ? Stop::at_once : Stop::cancel;
  if (!goes_on || frames_[instance.frame].steps[instance.step].stopping) {
    stop_instance(index, least, "the run was to end");
  }
}

Result<bj::value> RunEngine::evaluate(std::uint32_t index, const TreeTemplate& tree,
                                      const bj::value* result) const {
  const Instance& instance = instances_[index];
  const Frame& frame = frames_[instance.frame];
  const RunNames names({.frame = &frame,
                        .step = &frame.steps[instance.step],
                        .plan = &plan_step(instance.frame, instance.step),
                        .number = instance.number,
                        .result = result,
                        .stop = frame.stop});
  EvaluationBudget budget;
  return tree.evaluate(names, budget);
}

Status RunEngine::afford(std::size_t bytes) const {
  if (bytes > kParamsBytesMax) {
    return fail(Code::invalid_argument, "these are " + std::to_string(bytes) + " bytes, at most " +
                                            std::to_string(kParamsBytesMax) + " are taken");
  }
  return afford_in_all(bytes);
}

Status RunEngine::afford_in_all(std::size_t bytes) const {
  if (bytes_ + bytes <= kRunBytesMax) return {};
  return fail(Code::resource_exhausted,
              "all params, outputs and specs of a run are at most " + std::to_string(kRunBytesMax) +
                  " bytes, with what its steps are expanded over; with these they would be more");
}

Status RunEngine::start_task(std::uint32_t index) {
  const Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  const auto with = evaluate(index, *plan.with, nullptr);
  if (!with) return fail(with_context(with.error(), "with"));
  std::string params = json::serialize(*with);
  if (auto s = afford(params.size()); !s) return fail(with_context(s.error(), "with"));
  if (auto s = check_params(plan.task->params_schema, params); !s) {
    return fail(with_context(s.error(), "with"));
  }
  const auto inputs = inputs_for(index);
  if (!inputs) return fail(with_context(inputs.error(), "inputs"));
  Fingerprint fingerprint = fingerprint_of(*plan.task, with->get_object());
  add_inputs(*inputs, fingerprint);
  add_outputs(index, fingerprint);
  std::vector<std::string> differs;
  const auto reused = reuse(index, fingerprint, differs);
  if (!reused) return fail(reused.error());
  if (*reused) return {};
  TaskRequest task =
      make_request(plan, frames_[instance.frame].pipeline->definition, std::move(params));
  if (!inputs->empty()) task.spec = with_inputs(task.spec, *inputs);
  const std::size_t bytes = task.params.size() + task.spec.size();
  if (auto s = afford_in_all(bytes); !s) return s;
  bytes_ += bytes;
  task.id = task_id(request_.id, instance.path);
  task.created_by = std::string(kRunPrefix) + to_string(request_.id);
  if (request_.priority) task.priority = *request_.priority;
  running_.emplace(instance.path, index);
  note_made(instance.path, fingerprint, false);
  emit(action::Start{.path = instance.path,
                     .task = std::move(task),
                     .fingerprint = std::move(fingerprint),
                     .differs = std::move(differs)});
  return {};
}

Status RunEngine::start_wait(std::uint32_t index) {
  Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  auto value = evaluate(index, *plan.wait, nullptr);
  if (!value) return fail(with_context(value.error(), "wait"));
  name_who_may(*value, plan_->root().definition.who_may);
  const std::size_t bytes = json::serialize(*value).size();
  auto wait = read_wait(*value, now_);
  if (!wait) return fail(with_context(wait.error(), "wait"));
  std::vector<std::string> differs;
  Fingerprint fingerprint = wait_fingerprint(index, *value, differs);
  const auto reused = reuse(index, fingerprint, differs);
  if (!reused) return fail(reused.error());
  if (*reused) return {};
  if (auto s = afford(bytes); !s) return fail(with_context(s.error(), "wait"));
  bytes_ += bytes;
  instance.wait = wait->kind;
  Time due = earlier(after(now_, plan.definition.timeout), after(now_, wait->timeout));
  if (wait->kind == WaitKind::time) due = wait->until;
  if (due != Time{} || wait->kind == WaitKind::time) due_.emplace(due, index);
  running_.emplace(instance.path, index);
  note_made(instance.path, fingerprint, false);
  emit(action::BeginWait{.path = instance.path,
                         .wait = std::move(*wait),
                         .due = due,
                         .fingerprint = std::move(fingerprint),
                         .differs = std::move(differs),
                         .bytes = bytes});
  return {};
}

Status RunEngine::start_pipeline(std::uint32_t index, const Record* record) {
  Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  auto params = evaluate(index, *plan.with, nullptr);
  if (!params) return fail(with_context(params.error(), "with"));
  const PipelineDefinition& inner = plan.pipeline->definition;
  const std::string text = json::serialize(*params);
  if (record == nullptr) {
    if (auto s = afford(text.size()); !s) return fail(with_context(s.error(), "with"));
    if (auto s = check_params(inner.params_schema, text); !s) {
      return fail(with_context(s.error(), "with"));
    }
    if (instances_planned_ + inner.steps.size() > kInstancesMax) {
      return fail(Code::invalid_argument, "a run has at most " + std::to_string(kInstancesMax) +
                                              " steps; with this pipeline it would have more");
    }
    const Time due = earlier(after(now_, plan.definition.timeout), after(now_, inner.run_time_max));
    if (due != Time{}) due_.emplace(due, index);
    emit(action::Open{.path = instance.path, .due = due, .bytes = text.size()});
  }
  bytes_ += text.size();
  instance.inner = static_cast<std::uint32_t>(frames_.size());
  open_frame(*plan.pipeline, index, std::move(*params), record);
  return {};
}

Result<bool> RunEngine::reuse(std::uint32_t index, const Fingerprint& fingerprint,
                              std::vector<std::string>& differs) {
  const auto found = request_.reusable.find(instances_[index].path);
  if (found == request_.reusable.end()) {
    differs.clear();
    return false;
  }
  const auto fields = differences(found->second.fingerprint, fingerprint);
  const bool shows = plan_step(instances_[index].frame, instances_[index].step).shows_artifacts;
  if (shows && found->second.artifacts.empty()) differs.emplace_back("artifacts");
  differs.insert(differs.end(), fields.begin(), fields.end());
  std::sort(differs.begin(), differs.end());
  differs.erase(std::unique(differs.begin(), differs.end()), differs.end());
  if (!differs.empty()) return false;
  const std::string artifacts = shows ? found->second.artifacts : "";
  if (auto s = afford_in_all(found->second.outputs.size() + artifacts.size()); !s) {
    return fail(with_context(s.error(), "outputs"));
  }
  note_made(instances_[index].path, fingerprint, true);
  finish(index, {.path = instances_[index].path,
                 .state = NodeState::succeeded,
                 .outputs = found->second.outputs,
                 .error = "",
                 .fingerprint = fingerprint,
                 .is_reused = true,
                 .artifacts = artifacts});
  return true;
}

bool RunEngine::may_end(std::uint32_t index, const Ended& what) const {
  const Instance& instance = instances_[index];
  if (what.state == NodeState::running || what.state == NodeState::skipped) return false;
  EndedKind kind = EndedKind::task;
  if (plan_step(instance.frame, instance.step).definition.kind == StepKind::wait) {
    if (instance.wait == WaitKind::time) return false;
    kind = instance.wait == WaitKind::http ? EndedKind::answer : EndedKind::approval;
  }
  return what.kind == EndedKind::unsaid || what.kind == kind;
}

std::string RunEngine::outputs_of(std::uint32_t index, const Ended& what, Status& status) const {
  const Instance& instance = instances_[index];
  const PlanStep& plan = plan_step(instance.frame, instance.step);
  if (what.state != NodeState::succeeded) return "";
  bj::value result;
  if (!what.result.empty()) {
    auto read = json::parse(what.result);
    if (!read) {
      status = fail(with_context(read.error(), "result"));
      return "";
    }
    result = std::move(*read);
  }
  if (plan.outputs) {
    auto outputs = evaluate(index, *plan.outputs, &result);
    if (!outputs) {
      status = fail(with_context(outputs.error(), "outputs"));
      return "";
    }
    result = std::move(*outputs);
  }
  std::string text = result.is_null() ? "" : json::serialize(result);
  status = check_outputs(text);
  return status ? text : "";
}

Status RunEngine::check_outputs(const std::string& text) const {
  Status taken = afford(text.size());
  // What is put together may be nested deeper than can be read again.
  if (const auto again = json::parse(text); taken && !text.empty() && !again) {
    taken = fail(again.error());
  }
  if (taken) return {};
  return fail(with_context(taken.error(), "outputs"));
}

void RunEngine::finish(std::uint32_t index, action::Finish finish) {
  const action::Finish said = finish;
  emit(std::move(finish));
  bytes_ += said.outputs.size() + said.artifacts.size();
  settle_instance(index, {.state = said.state,
                          .outputs = said.outputs,
                          .artifacts = said.artifacts,
                          .error = said.error});
}

void RunEngine::settle_instance(std::uint32_t index, Settled settled) {
  const NodeState state = settled.state;
  std::string error = std::move(settled.error);
  const auto value_of = [](const std::string& text) {
    return text.empty() ? bj::value() : json::parse(text).value();
  };
  Instance& instance = instances_[index];
  instance.state = state;
  instance.error = error;
  running_.erase(instance.path);
  StepRun& run = frames_[instance.frame].steps[instance.step];
  --run.running;
  ++run.done;
  bj::value value = value_of(settled.outputs);
  bj::value artifacts = value_of(settled.artifacts);
  if (instance.number == kNone) {
    run.values->outputs = std::make_unique<bj::value>(std::move(value));
    run.values->artifacts = std::make_unique<bj::value>(std::move(artifacts));
    finish_step(instance.frame, instance.step, state, std::move(error));
    return;
  }
  run.values->outputs->get_array()[instance.number] = std::move(value);
  run.values->artifacts->get_array()[instance.number] = std::move(artifacts);
  const bool ends_others = plan_step(instance.frame, instance.step).definition.fail_fast;
  if (state == NodeState::failed && ends_others && !run.stopping) {
    stop_step(instance.frame, instance.step, Stop::cancel, "another instance failed");
  }
  work_.emplace_back(instance.frame, instance.step);
}

void RunEngine::open_frame(const PlanPipeline& pipeline, std::uint32_t owner, bj::value params,
                           const Record* record) {
  const auto index = static_cast<std::uint32_t>(frames_.size());
  Frame& frame = frames_.emplace_back();
  frame.pipeline = &pipeline;
  frame.owner = owner;
  if (record != nullptr) {
    frame.stop = record->stop;
    frame.stop_reason = record->error;
  }
  if (owner != kNone) frame.prefix = instances_[owner].path + "/";
  frame.values->params = std::make_unique<bj::value>(std::move(params));
  frame.values->run =
      std::make_unique<bj::value>(bj::object{{"id", to_string(request_.id)},
                                             {"pipeline", plan_->root().definition.name},
                                             {"created_by", request_.created_by}});
  frame.steps.resize(pipeline.steps.size());
  frame.steps_left = pipeline.steps.size();
  instances_planned_ += pipeline.steps.size();
  for (std::uint32_t i = 0; i < pipeline.steps.size(); ++i) {
    frame.steps[i].needs_left = static_cast<std::uint32_t>(pipeline.steps[i].needs.size());
    if (frame.steps[i].needs_left == 0) work_.emplace_back(index, i);
  }
}

}  // namespace waybill::pipeline
