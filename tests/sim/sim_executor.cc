#include "tests/sim/sim_executor.h"

#include <algorithm>
#include <utility>

namespace waybill::sim {

using namespace std::chrono_literals;

std::vector<RunnableKind> SimExecutor::kinds() const {
  return {{.name = "work"}, {.name = "inline", .runs_inline = true}};
}

Duration SimExecutor::up_to(Duration longest) {
  return Duration(static_cast<Duration::rep>(rng_.unit() * static_cast<double>(longest.count())));
}

Outcome SimExecutor::choose_outcome() {
  const Behaviour& behaviour = world_.behaviour;
  double roll = rng_.unit();
  const auto falls_to = [&roll](double rate) { return (roll -= rate) < 0; };
  if (falls_to(behaviour.transient)) {
    return outcome::Failed{.error = "no route", .retry_after = rng_.chance(0.2) ? 20s : 0s};
  }
  if (falls_to(behaviour.permanent)) {
    return outcome::Failed{.failure_class = FailureClass::permanent, .error = "no such page"};
  }
  if (falls_to(behaviour.snooze)) return outcome::Snoozed{.delay = up_to(10s)};
  return outcome::Succeeded{.result = R"({"by":")" + worker_ + R"(","number":)" +
                                      std::to_string(rng_.below(1000)) + "}"};
}

void SimExecutor::start(const Task& task, RunTerms terms) {
  world_.auditor.run_begins(task, worker_, terms.checkpoint);
  const bool is_long = rng_.chance(world_.behaviour.long_run);
  Run run{.task = task,
          .ends_at = world_.stage.steady_now() +
                     up_to(is_long ? world_.behaviour.long_max : world_.behaviour.run_max),
          .outcome = choose_outcome(),
          .kills = rng_.chance(world_.behaviour.kills_worker)};
  if (task.request.kind == "inline") {
    run.ends_at = world_.stage.steady_now();
    run.kills = false;
  }
  runs_.push_back(std::move(run));
}

void SimExecutor::request_stop(const RunKey& key, StopReason /*why*/) {
  for (Run& run : runs_) {
    if (run_key(run.task) != key) continue;
    if (rng_.chance(0.8)) run.outcome = outcome::Stopped{.proof = R"({"signal":15})"};
    run.ends_at = std::min(run.ends_at, world_.stage.steady_now() + up_to(8s));
  }
}

std::vector<FinishedRun> SimExecutor::take_finished() {
  std::vector<FinishedRun> finished;
  for (Run& run : runs_) {
    if (run.ends_at > world_.stage.steady_now()) continue;
    if (run.kills) {
      world_.kill_process();
      return {};
    }
    world_.auditor.run_ends(run.task, run.outcome);
    finished.push_back({run_key(run.task), run.outcome});
  }
  std::erase_if(runs_, [&](const Run& run) { return run.ends_at <= world_.stage.steady_now(); });
  return finished;
}

std::vector<Report> SimExecutor::take_reports() {
  std::vector<Report> reports;
  for (const Run& run : runs_) {
    if (!rng_.chance(0.2)) continue;
    Report report{.id = run.task.id(), .fence = run.task.status.fence};
    const std::string number = std::to_string(rng_.below(1000));
    const double roll = rng_.unit();
    if (roll < 0.7) report.progress = R"({"done":)" + number + "}";
    if (roll > 0.3) report.checkpoint = R"({"at":)" + number + "}";
    world_.auditor.run_says(report);
    reports.push_back(std::move(report));
  }
  return reports;
}

SteadyTime SimExecutor::next_end() const {
  SteadyTime next = kSteadyTimeMax;
  for (const Run& run : runs_) next = std::min(next, run.ends_at);
  return next;
}

}  // namespace waybill::sim
