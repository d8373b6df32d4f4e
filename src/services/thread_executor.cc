#include "services/thread_executor.h"

#include <exception>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

outcome::Failed failed(std::string error) {
  return {.failure_class = FailureClass::transient, .error = std::move(error)};
}

}  // namespace

ThreadExecutor::ThreadExecutor(ExecutorPorts ports, const std::vector<TaskKind*>& kinds,
                               std::size_t threads, Duration report_every)
    : ports_(ports), reports_(report_every) {
  for (TaskKind* kind : kinds) kinds_.emplace(kind->name(), kind);
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.push_back(guarded_thread("executor", [this](const std::stop_token&) { serve(); }));
  }
}

ThreadExecutor::~ThreadExecutor() {
  std::vector<std::shared_ptr<Run>> active;
  {
    const Lock lock(mutex_);
    closed_ = true;
    for (const auto& [key, run] : active_) active.push_back(run);
  }
  changed_.notify_all();
  for (const auto& run : active) run->context.request_stop();
}

std::vector<RunnableKind> ThreadExecutor::kinds() const {
  std::vector<RunnableKind> kinds;
  for (const auto& [name, kind] : kinds_) {
    kinds.push_back({.name = name, .runs_inline = kind->runs_inline()});
  }
  return kinds;
}

void ThreadExecutor::start(const Task& task, RunTerms terms) {
  const auto kind = kinds_.find(task.request.kind);
  WAYBILL_CHECK(kind != kinds_.end(), "only kinds that are here are claimed");
  if (kind->second->runs_inline()) {
    RunContext context(ports_, reports_, task, std::move(terms));
    Outcome outcome = run(task, context);
    const Lock lock(mutex_);
    finished_.push_back({run_key(task), std::move(outcome)});
    return;
  }
  auto started = std::make_shared<Run>(ports_, reports_, task, std::move(terms));
  {
    const Lock lock(mutex_);
    active_.emplace(run_key(task), started);
    queued_.push_back(std::move(started));
  }
  changed_.notify_one();
}

void ThreadExecutor::request_stop(const RunKey& key, StopReason why) {
  std::shared_ptr<Run> run;
  {
    const Lock lock(mutex_);
    const auto position = active_.find(key);
    if (position == active_.end()) return;
    run = position->second;
  }
  static constexpr std::string_view kWhy[] = {"the worker stops", "it has had its time",
                                              "a cancel was asked for", "its lease was lost"};
  run->context.stop("stopping: " + std::string(kWhy[static_cast<std::size_t>(why)]) + "\n");
}

std::vector<FinishedRun> ThreadExecutor::take_finished() {
  const Lock lock(mutex_);
  return std::exchange(finished_, {});
}

void ThreadExecutor::serve() {
  for (;;) {
    std::shared_ptr<Run> run;
    {
      Lock lock(mutex_);
      while (queued_.empty() && !closed_) changed_.wait(lock);
      if (queued_.empty()) return;
      run = std::move(queued_.front());
      queued_.pop_front();
    }
    Outcome outcome = run_with_scratch(*run);
    finish(run_key(run->task), std::move(outcome));
  }
}

Outcome ThreadExecutor::run_with_scratch(Run& run) {
  auto directory = ports_.scratch.create(run.task.id(), run.task.status.attempt);
  if (!directory) return failed("cannot make a scratch directory: " + directory.error().message);
  run.context.set_scratch_directory(*directory);
  Outcome outcome = this->run(run.task, run.context);
  if (const Status removed = ports_.scratch.remove(*directory); !removed) {
    log::warn("scratch_not_removed", removed.error().message, {{"directory", *directory}});
  }
  return outcome;
}

Outcome ThreadExecutor::run(const Task& task, RunContext& context) {
  try {
    return context.finish(kinds_.find(task.request.kind)->second->run(task, context));
  } catch (const std::exception& exception) {
    const std::string what = context.masked(exception.what());
    log::error("kind_threw", what, {{"task", to_string(task.id())}, {"kind", task.request.kind}});
    return context.finish(failed("the kind " + task.request.kind + " threw: " + what));
  }
}

void ThreadExecutor::finish(const RunKey& key, Outcome outcome) {
  {
    const Lock lock(mutex_);
    active_.erase(key);
    finished_.push_back({key, std::move(outcome)});
  }
  ports_.bell.ring();
}

}  // namespace waybill
