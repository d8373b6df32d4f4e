#include "core/pipeline/run_engine.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "core/json_schema.h"
#include "core/pipeline/matrix.h"
#include "core/pipeline/run_names.h"
#include "core/pipeline/run_values.h"

namespace waybill::pipeline {
namespace bj = boost::json;
namespace {

/// What a record has as JSON; null for nothing.
bj::value stored_value(const std::string& text) {
  return text.empty() ? bj::value() : json::parse(text).value();
}

}  // namespace

StepRun::StepRun() : values(std::make_unique<StepValues>()) {}
StepRun::~StepRun() = default;
StepRun::StepRun(StepRun&&) noexcept = default;
StepRun& StepRun::operator=(StepRun&&) noexcept = default;
Frame::Frame() : values(std::make_unique<FrameValues>()) {}
Frame::~Frame() = default;

RunEngine::RunEngine(std::shared_ptr<const Plan> plan, RunRequest request, Records stored)
    : plan_(std::move(plan)), request_(std::move(request)), stored_(std::move(stored)) {}
RunEngine::~RunEngine() = default;

Status RunEngine::open() {
  if (request_.id.is_nil()) return fail(Code::invalid_argument, "a run has to have an id");
  const auto params = json::parse(request_.params);
  if (!params) return fail(with_context(params.error(), "the params of a run"));
  if (!params->is_object()) {
    return fail(Code::invalid_argument, "the params of a run have to be a map");
  }
  return check_params(plan_->root().definition.params_schema, request_.params);
}

void RunEngine::ended(const Ended& what) { told_.push_back(what); }

void RunEngine::cancel(Stop stop, std::string reason) {
  if (stop <= stop_asked_) return;
  stop_asked_ = stop;
  stop_reason_ = std::move(reason);
}

void RunEngine::heed_stop() {
  if (finished_ || stop_asked_ <= frames_[0].stop) return;
  emit(action::Cancel{.path = "", .id = {}, .stop = stop_asked_, .reason = stop_reason_});
  stop_frame(0, stop_asked_, stop_reason_);
}

std::vector<Action> RunEngine::take(Time now) {
  now_ = now;
  if (frames_.empty() && !finished_) {
    const Record* record = stored("");
    finished_ = record != nullptr && record->state != NodeState::running;
    if (!finished_) {
      const Duration limit = plan_->root().definition.run_time_max;
      const Time due = limit == Duration::zero() ? Time{} : request_.created_at + limit;
      if (record == nullptr) emit(action::Open{.path = "", .due = due});
      if (due != Time{}) due_.emplace(due, kNone);
      note_stored();
      open_frame(plan_->root(), kNone, json::parse(request_.params).value(), record);
      // One that is to end before it began starts nothing but its clean-up.
      if (record == nullptr) heed_stop();
      settle();
      stored_.clear();  // all of it was looked at: what is recorded are only decisions
    }
  }
  heed_stop();
  settle();
  std::vector<Ended> told = std::exchange(told_, {});
  std::stable_sort(told.begin(), told.end(),
                   [](const Ended& a, const Ended& b) { return a.at < b.at; });
  for (const Ended& what : told) {
    if (what.at != Time{}) come_due_until(std::min(what.at, now));
    end(what);
  }
  come_due_until(now);
  return std::exchange(actions_, {});
}

void RunEngine::end(const Ended& what) {
  const auto found = running_.find(what.path);
  if (finished_ || found == running_.end() || !may_end(found->second, what)) return;
  const std::uint32_t index = found->second;
  Status status;
  action::Finish finish_it{.path = what.path, .state = what.state, .error = what.error};
  finish_it.outputs = outputs_of(index, what, status);
  if (status) finish_it.artifacts = artifacts_of(index, what, status);
  if (!status) {
    finish_it.state = NodeState::failed;
    finish_it.error = status.error().message;
    finish_it.outputs.clear();
  }
  finish(index, std::move(finish_it));
  settle();
}

void RunEngine::settle() {
  while (!work_.empty()) {
    const auto [frame, step] = work_.front();
    work_.pop_front();
    handle(frame, step);
  }
  for (const std::uint32_t frame : std::exchange(ended_frames_, {})) release(frame);
}

void RunEngine::release(std::uint32_t frame) {
  frames_[frame].steps = std::vector<StepRun>();
  frames_[frame].values.reset();
}

void RunEngine::handle(std::uint32_t frame, std::uint32_t step) {
  if (frames_[frame].steps_left == 0) return;
  StepRun& run = frames_[frame].steps[step];
  if (run.phase == StepRun::Phase::waiting) {
    decide(frame, step);
  } else if (run.phase == StepRun::Phase::running && plan_step(frame, step).expansion) {
    pump(frame, step);
  }
}

void RunEngine::decide(std::uint32_t frame, std::uint32_t step) {
  StepRun& run = frames_[frame].steps[step];
  const std::string path = step_path(frame, step);
  const Record* record = stored(path);
  if (record != nullptr && record->state != NodeState::running) {
    count_stored(path);
    if (plan_step(frame, step).expansion) {
      bj::array outputs;
      bj::array artifacts;
      while (const Record* each = stored(path + "[" + std::to_string(outputs.size()) + "]")) {
        outputs.push_back(stored_value(each->outputs));
        artifacts.push_back(stored_value(each->artifacts));
      }
      const bool is_list = record->state == NodeState::succeeded || !outputs.empty();
      run.values->outputs = std::make_unique<bj::value>(is_list ? bj::value(outputs) : bj::value());
      run.values->artifacts =
          std::make_unique<bj::value>(is_list ? bj::value(artifacts) : bj::value());
    } else {
      run.values->outputs = std::make_unique<bj::value>(stored_value(record->outputs));
      run.values->artifacts = std::make_unique<bj::value>(stored_value(record->artifacts));
    }
    finish_step(frame, step, record->state, record->error);
    return;
  }
  if (record != nullptr) {
    begin(frame, step, true);
    return;
  }
  const auto runs = holds(frame, step, frames_[frame].stop);
  if (runs && *runs) {
    begin(frame, step, false);
    return;
  }
  const NodeState state = runs ? NodeState::skipped : NodeState::failed;
  const std::string why = runs ? why_skipped(frame, step) : "if: " + runs.error().message;
  emit(action::Finish{.path = path, .state = state, .outputs = "", .error = why});
  finish_step(frame, step, state, why);
}

void RunEngine::begin(std::uint32_t frame, std::uint32_t step, bool is_stored) {
  frames_[frame].steps[step].phase = StepRun::Phase::running;
  if (plan_step(frame, step).expansion) {
    expand(frame, step, is_stored);
  } else {
    start(frame, step, kNone);
  }
}

void RunEngine::expand(std::uint32_t frame, std::uint32_t step, bool is_stored) {
  StepRun& run = frames_[frame].steps[step];
  const PlanStep& plan = plan_step(frame, step);
  const RunNames names({.frame = &frames_[frame], .step = &run, .plan = &plan});
  EvaluationBudget budget;
  auto items = plan.expansion->evaluate(names, budget);
  const bool is_matrix = !plan.definition.matrix.empty();
  if (items && is_matrix) items = expand_matrix(*items);
  std::string problem;
  if (!items) {
    problem = (is_matrix ? "matrix: " : "for_each: ") + items.error().message;
  } else if (!items->is_array()) {
    problem = "for_each: this is no list: " + json::serialize(*items).substr(0, 100);
  } else if (!is_stored && instances_planned_ + items->get_array().size() > kInstancesMax + 1) {
    problem = "a run has at most " + std::to_string(kInstancesMax) + " steps; with these " +
              std::to_string(items->get_array().size()) + " it would have more";
  }
  if (problem.empty()) {
    const std::size_t bytes = json::serialize(*items).size();
    const Status fits = is_stored ? Status() : afford_in_all(bytes);
    if (fits) {
      run.item_bytes = bytes;
      bytes_ += bytes;
    } else {
      problem = (is_matrix ? "matrix: " : "for_each: ") + fits.error().message;
    }
  }
  if (problem.empty() && !items->get_array().empty()) {
    run.width = static_cast<std::uint32_t>(items->get_array().size());
    instances_planned_ += run.width - 1;
    run.values->outputs = std::make_unique<bj::value>(bj::array(run.width));
    run.values->artifacts = std::make_unique<bj::value>(bj::array(run.width));
    run.values->items = std::make_unique<bj::value>(std::move(*items));
    const Stop stop = frames_[frame].stop;
    run.stopping = stop != Stop::none && !holds(frame, step, stop).value_or(false);
    if (!is_stored) emit(action::Open{.path = step_path(frame, step)});
    work_.emplace_back(frame, step);
    return;
  }
  const NodeState state = problem.empty() ? NodeState::succeeded : NodeState::failed;
  if (problem.empty()) {
    run.values->outputs = std::make_unique<bj::value>(bj::array());
    run.values->artifacts = std::make_unique<bj::value>(bj::array());
  }
  emit(action::Finish{
      .path = step_path(frame, step), .state = state, .outputs = "", .error = problem});
  finish_step(frame, step, state, problem);
}

void RunEngine::pump(std::uint32_t frame, std::uint32_t step) {
  StepRun& run = frames_[frame].steps[step];
  const std::uint32_t parallel = plan_step(frame, step).definition.max_parallel;
  while (run.instances.size() < run.width) {
    if (!run.stopping && parallel > 0 && run.running >= parallel) break;
    start(frame, step, static_cast<std::uint32_t>(run.instances.size()));
  }
  if (run.done == run.width) finish_expanded(frame, step);
}

void RunEngine::finish_expanded(std::uint32_t frame, std::uint32_t step) {
  const StepRun& run = frames_[frame].steps[step];
  NodeState state = NodeState::succeeded;
  std::string error;
  for (const std::uint32_t index : run.instances) {
    const Instance& each = instances_[index];
    if (each.state == NodeState::succeeded || state == NodeState::failed) continue;
    if (each.state == state) continue;
    state = each.state;
    error = "[" + std::to_string(each.number) + "] " + std::string(to_string(state));
    if (!each.error.empty()) error += ": " + each.error;
  }
  emit(action::Finish{
      .path = step_path(frame, step), .state = state, .outputs = "", .error = error});
  finish_step(frame, step, state, error);
}

void RunEngine::finish_step(std::uint32_t frame, std::uint32_t step, NodeState state,
                            std::string error) {
  Frame& in = frames_[frame];
  StepRun& run = in.steps[step];
  run.phase = StepRun::Phase::done;
  run.state = state;
  bj::object view = {{"result", json::text(to_string(state))},
                     {"outputs", nullptr},
                     {"error", json::text_or_null(error)}};
  if (run.values->outputs) view["outputs"] = std::move(*run.values->outputs);
  if (plan_step(frame, step).shows_artifacts) {
    view["artifacts"] = run.values->artifacts ? std::move(*run.values->artifacts) : bj::value();
  }
  run.values->outputs.reset();
  run.values->artifacts.reset();
  bytes_ -= std::exchange(run.item_bytes, 0);
  run.values->items.reset();
  run.values->view = std::make_unique<bj::value>(std::move(view));
  for (const std::uint32_t index : plan_step(frame, step).needed_by) {
    StepRun& after = in.steps[index];
    after.any_failed = after.any_failed || run.any_failed || state == NodeState::failed;
    after.any_unsuccessful =
        after.any_unsuccessful || run.any_unsuccessful || state != NodeState::succeeded;
    if (--after.needs_left == 0) work_.emplace_back(frame, index);
  }
  if (--in.steps_left == 0) finish_frame(frame);
}

void RunEngine::finish_frame(std::uint32_t frame) {
  const Frame& in = frames_[frame];
  ended_frames_.push_back(frame);
  action::Finish finish_it{.path = in.owner == kNone ? "" : instances_[in.owner].path};
  const auto of = [&](NodeState state) {
    return std::find_if(in.steps.begin(), in.steps.end(),
                        [&](const StepRun& step) { return step.state == state; });
  };
  const auto failed = of(NodeState::failed);
  const auto worst = failed != in.steps.end() ? failed : of(NodeState::cancelled);
  if (in.stop == Stop::timeout) {
    finish_it.state = NodeState::failed;
    finish_it.error = "it took longer than its time limit";
  } else if (in.stop != Stop::none) {
    finish_it.state = NodeState::cancelled;
    finish_it.error = in.stop_reason;
  } else if (worst != in.steps.end()) {
    finish_it.state = worst->state;
    const auto index = static_cast<std::size_t>(worst - in.steps.begin());
    finish_it.error = "step " + in.pipeline->steps[index].definition.name + " " +
                      std::string(to_string(worst->state));
  } else {
    const RunNames names({.frame = &in});
    EvaluationBudget budget;
    const auto outputs = in.pipeline->outputs->evaluate(names, budget);
    Status status;
    if (outputs) {
      finish_it.outputs = json::serialize(*outputs);
      status = check_outputs(finish_it.outputs);
    } else {
      status = fail(with_context(outputs.error(), "outputs"));
    }
    if (!status) {
      finish_it.state = NodeState::failed;
      finish_it.outputs.clear();
      finish_it.error = status.error().message;
    }
  }
  if (in.owner == kNone) {
    finished_ = true;
    emit(std::move(finish_it));
    return;
  }
  Status status;
  finish_it.outputs = outputs_of(
      in.owner, {.path = "", .state = finish_it.state, .result = finish_it.outputs, .error = ""},
      status);
  if (!status) {
    finish_it.state = NodeState::failed;
    finish_it.error = status.error().message;
  }
  finish(in.owner, std::move(finish_it));
}

Result<bool> RunEngine::holds(std::uint32_t frame, std::uint32_t step, Stop stop) const {
  if (stop == Stop::at_once) return false;
  const StepRun& run = frames_[frame].steps[step];
  const PlanStep& plan = plan_step(frame, step);
  const RunNames names({.frame = &frames_[frame], .step = &run, .plan = &plan, .stop = stop});
  const bool success = names.status(StatusFunction::success);
  if (!plan.condition) return success;
  if (!plan.condition->asks_status() && !success) return false;
  EvaluationBudget budget;
  const auto value = plan.condition->evaluate(names, budget);
  if (!value) return fail(value.error());
  return is_truthy(*value);
}

std::string RunEngine::why_skipped(std::uint32_t frame, std::uint32_t step) const {
  const Frame& in = frames_[frame];
  if (in.stop != Stop::none) return "the run was to end before this step began";
  const PlanStep& plan = plan_step(frame, step);
  const bool asks = plan.condition && plan.condition->asks_status();
  if (asks || !in.steps[step].any_unsuccessful) return "its if was false";
  for (const std::uint32_t need : plan.needs) {
    const NodeState state = in.steps[need].state;
    if (state == NodeState::succeeded) continue;
    return in.pipeline->steps[need].definition.name + " " + std::string(to_string(state));
  }
  return "a step before those that it needs did not succeed";
}

const PlanStep& RunEngine::plan_step(std::uint32_t frame, std::uint32_t step) const {
  return frames_[frame].pipeline->steps[step];
}

std::string RunEngine::step_path(std::uint32_t frame, std::uint32_t step) const {
  return frames_[frame].prefix + plan_step(frame, step).definition.name;
}

const Record* RunEngine::stored(const std::string& path) const {
  const auto found = stored_.find(path);
  return found == stored_.end() ? nullptr : &found->second;
}

}  // namespace waybill::pipeline
