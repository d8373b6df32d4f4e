#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "services/worker.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/forwarding_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {

/// Runs end when the test says so; kind "noop" runs inline.
class ScriptedExecutor final : public Executor {
 public:
  std::vector<RunnableKind> kinds() const override {
    return {{.name = "work"}, {.name = "noop", .runs_inline = true}};
  }
  void start(const Task& task, RunTerms terms) override {
    started.push_back(task);
    terms_of[run_key(task).fence] = std::move(terms);
    if (task.request.kind == "noop") finished.push_back({run_key(task), outcome::Succeeded{}});
  }
  void request_stop(const RunKey& key, StopReason why) override { stops.emplace_back(key, why); }
  std::vector<FinishedRun> take_finished() override { return std::exchange(finished, {}); }
  std::vector<Report> take_reports() override { return std::exchange(reports, {}); }

  void finish(const Task& task, Outcome outcome) {
    finished.push_back({run_key(task), std::move(outcome)});
  }

  std::vector<Task> started;
  std::map<std::uint64_t, RunTerms> terms_of;  // by fence
  std::vector<std::pair<RunKey, StopReason>> stops;
  std::vector<FinishedRun> finished;
  std::vector<Report> reports;
};

/// Answers `unavailable` while `away`; else passes on.
class FlakyLedger final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    if (away) return fail(Code::unavailable, "away");
    claims.push_back(params);
    return inner_.claim(params);
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    if (away || takes_no_changes) return fail(Code::unavailable, "away");
    applied.push_back(changes.size());
    return inner_.apply(changes);
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    if (away) return fail(Code::unavailable, "away");
    extended.push_back(extensions.size());
    return inner_.extend(extensions);
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    if (away) return fail(Code::unavailable, "away");
    recorded.push_back(reports.size());
    return inner_.record(reports);
  }

  bool away = false;
  bool takes_no_changes = false;
  std::vector<ClaimParams> claims;
  std::vector<std::size_t> applied, extended, recorded;  // sizes of the calls
};

class WorkerTest : public ::testing::Test {
 protected:
  void insert(const std::vector<TaskRequest>& requests) {
    ASSERT_TRUE(fake_.insert(requests).has_value());
  }
  Duration step() {
    const auto wait = worker_.step({});
    EXPECT_TRUE(wait.has_value()) << (wait ? "" : wait.error().message);
    return wait.value_or(Duration(-1));
  }
  /// Steps until nothing is due, then lets `by` pass, in the worker's own rhythm.
  void pass(Duration by) {
    const SteadyTime until = clock_.steady_now() + by;
    for (;;) {
      const Duration wait = std::max(step(), Duration(1));
      if (clock_.steady_now() + wait > until) break;
      clock_.advance(wait);
    }
    clock_.advance(until - clock_.steady_now());
    step();
  }
  Task get(int number) { return *fake_.get(task_id(number)); }
  State state(int number) { return get(number).status.state; }
  void cancel(int number) {
    const auto change =
        transition(get(number), event::Cancel{.by = "ann", .reason = "why not"}, {fake_.now(), 0});
    ASSERT_TRUE((*fake_.apply(std::vector{*change}))[0].has_value());
  }
  /// What a rescuer does.
  void expire(int number) {
    const auto change = transition(get(number), event::Expire{}, {fake_.now(), 0});
    ASSERT_TRUE(change.has_value()) << change.error().message;
    ASSERT_TRUE((*fake_.apply(std::vector{*change}))[0].has_value());
  }
  static TaskRequest work(int number) { return a_task(number).kind("work"); }

  SimClock clock_;
  FakeLedger fake_{clock_};
  FlakyLedger ledger_{fake_};
  ScriptedExecutor executor_;
  WorkerOptions options_{.name = "w1", .slots = 2};
  Worker worker_{{.ledger = ledger_,
                  .reader = fake_,
                  .registry = fake_,
                  .clock = clock_,
                  .executor = executor_},
                 options_,
                 Rng(1)};
};

}  // namespace waybill
