// What runs say of themselves is recorded before they end, however early that is.

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "services/worker.h"
#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

/// Each run has said something, and has succeeded, when start() returns.
class InlineExecutor final : public Executor {
 public:
  std::vector<RunnableKind> kinds() const override {
    return {{.name = "noop", .runs_inline = true}};
  }
  void start(const Task& task, RunTerms /*terms*/) override {
    reports_.push_back({task.id(), task.status.fence, R"({"done":1})", R"({"page":1})"});
    finished_.push_back({run_key(task), outcome::Succeeded{}});
  }
  void request_stop(const RunKey& /*key*/, StopReason /*why*/) override {}
  std::vector<FinishedRun> take_finished() override { return std::exchange(finished_, {}); }
  std::vector<Report> take_reports() override { return std::exchange(reports_, {}); }

 private:
  std::vector<FinishedRun> finished_;
  std::vector<Report> reports_;
};

TEST(WorkerReports, AreRecordedAlsoOfARunThatEndsInTheStepThatClaimedIt) {
  SimClock clock;
  FakeLedger ledger(clock);
  InlineExecutor executor;
  Worker worker({.ledger = ledger,
                 .reader = ledger,
                 .registry = ledger,
                 .clock = clock,
                 .executor = executor},
                {.name = "w1"}, Rng(1));
  ASSERT_TRUE(ledger.insert(std::vector<TaskRequest>{a_task(1).kind("noop")}).has_value());
  ASSERT_TRUE(worker.step({}).has_value());
  EXPECT_EQ(ledger.get(task_id(1))->status.state, State::succeeded);
  EXPECT_EQ(ledger.reported(task_id(1))->progress, R"({"done":1})");
  EXPECT_EQ(ledger.reported(task_id(1))->checkpoint, R"({"page":1})");
}

}  // namespace
}  // namespace waybill
