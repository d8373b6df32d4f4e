#include <boost/json.hpp>
#include <utility>

#include "core/pipeline/run_engine.h"
#include "core/pipeline/run_values.h"

namespace waybill::pipeline {

namespace {

/// What is in something that is stopped is cancelled, whatever the reason outside.
Stop inner_stop(Stop stop) { return stop == Stop::at_once ? stop : Stop::cancel; }

}  // namespace

void RunEngine::stop_frame(std::uint32_t frame, Stop stop, const std::string& reason) {
  Frame& in = frames_[frame];
  if (stop <= in.stop) return;
  in.stop = stop;
  in.stop_reason = reason;
  for (std::uint32_t i = 0; i < in.steps.size(); ++i) {
    if (in.steps[i].phase != StepRun::Phase::running) continue;
    if (!holds(frame, i, stop).value_or(false)) stop_step(frame, i, inner_stop(stop), reason);
  }
}

void RunEngine::stop_step(std::uint32_t frame, std::uint32_t step, Stop stop,
                          const std::string& reason) {
  StepRun& run = frames_[frame].steps[step];
  run.stopping = true;
  // Stopping one may end the step, so the list is looked at anew each time.
  for (std::size_t i = 0; i < run.instances.size(); ++i) {
    stop_instance(run.instances[i], stop, reason);
  }
  work_.emplace_back(frame, step);
}

void RunEngine::stop_instance(std::uint32_t index, Stop stop, const std::string& reason) {
  Instance& instance = instances_[index];
  if (instance.state != NodeState::running || stop <= instance.stop) return;
  instance.stop = stop;
  const StepKind kind = plan_step(instance.frame, instance.step).definition.kind;
  if (kind == StepKind::wait) {
    finish(index,
           {.path = instance.path, .state = NodeState::cancelled, .outputs = "", .error = reason});
    return;
  }
  if (kind == StepKind::task && running_.find(instance.path) == running_.end()) return;
  emit(action::Cancel{.path = instance.path,
                      .id = kind == StepKind::task ? task_id(request_.id, instance.path) : Uuid{},
                      .stop = stop,
                      .reason = reason});
  if (instance.inner != kNone) stop_frame(instance.inner, stop, reason);
}

void RunEngine::come_due_until(Time time) {
  while (!finished_ && !due_.empty() && due_.top().first <= time) {
    const std::uint32_t index = due_.top().second;
    due_.pop();
    come_due(index);
    settle();
  }
}

void RunEngine::come_due(std::uint32_t index) {
  static const std::string kReason = "it took longer than its time limit";
  if (index == kNone) {
    if (frames_[0].stop != Stop::none) return;
    emit(action::Cancel{.path = "", .id = {}, .stop = Stop::timeout, .reason = kReason});
    stop_frame(0, Stop::timeout, kReason);
    return;
  }
  Instance& instance = instances_[index];
  if (instance.state != NodeState::running) return;
  const StepKind kind = plan_step(instance.frame, instance.step).definition.kind;
  if (kind == StepKind::pipeline) {
    if (instance.stop == Stop::none) stop_instance(index, Stop::timeout, kReason);
  } else if (instance.wait == WaitKind::time) {
    finish(index,
           {.path = instance.path, .state = NodeState::succeeded, .outputs = "", .error = ""});
  } else {
    finish(index, {.path = instance.path,
                   .state = NodeState::failed,
                   .outputs = "",
                   .error = "what it waited for did not come in time"});
  }
}

}  // namespace waybill::pipeline
