#include "services/rescuer.h"

#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class RescuerTest : public testing::Test {
 protected:
  void insert(const std::vector<TaskRequest>& requests) { ASSERT_TRUE(ledger_.insert(requests)); }
  void claim(Duration lease, std::size_t limit = 1) {
    const auto claimed = ledger_.claim(
        {.queues = {"default"}, .worker = "worker-1", .limit = limit, .lease = lease});
    ASSERT_TRUE(claimed);
    ASSERT_EQ(claimed->size(), limit);
  }
  Duration step() {
    const Result<Duration> wait = rescuer_.step({});
    EXPECT_TRUE(wait);
    return wait.value_or(Duration(-1));
  }
  State state(int number) { return ledger_.get(task_id(number)).value().status.state; }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  Rescuer rescuer_{ledger_, Rng(1), {.batch = 2, .wait_max = 10s}};
};

TEST_F(RescuerTest, TakesBackALeaseWhenItRunsOutAndNotBefore) {
  insert({a_task(1)});
  claim(30s);
  clock_.advance(30s - 1us);
  step();
  EXPECT_EQ(state(1), State::leased);
  clock_.advance(1us);
  step();
  EXPECT_EQ(state(1), State::ready);
  EXPECT_EQ(ledger_.get(task_id(1))->status.worker_deaths, 1u);
}

TEST_F(RescuerTest, LetsAHeartbeatWin) {
  insert({a_task(1)});
  claim(30s);
  clock_.advance(20s);
  ASSERT_TRUE(ledger_.extend(std::vector{Extension{.id = task_id(1), .fence = 1, .lease = 30s}}));
  clock_.advance(20s);
  step();
  EXPECT_EQ(state(1), State::leased);
}

TEST_F(RescuerTest, MakesAScheduledTaskReadyWhenItFallsDue) {
  insert({a_task(1).run_at(clock_.now() + 5s)});
  EXPECT_EQ(step(), 5s) << "it waits for just as long";
  EXPECT_EQ(state(1), State::scheduled);
  clock_.advance(5s);
  step();
  EXPECT_EQ(state(1), State::ready);
}

TEST_F(RescuerTest, GoesOnAtOnceWhileThereIsMoreThanOneStepTakes) {
  insert(some_tasks(1, 5));
  claim(30s, 5);
  clock_.advance(30s);
  EXPECT_EQ(step(), 0s);
  EXPECT_EQ(step(), 0s);
  EXPECT_EQ(step(), 10s);
  EXPECT_EQ(ledger_.overdue(10)->tasks.size(), 0u);
}

TEST_F(RescuerTest, WaitsNoLongerThanItsLimitForWhatOthersMayInsert) {
  EXPECT_EQ(step(), 10s);
  insert({a_task(1).run_at(clock_.now() + 1h)});
  EXPECT_EQ(step(), 10s);
}

TEST_F(RescuerTest, FailsATaskThatKilledAllTheWorkersItMay) {
  insert({a_task(1).retry({.worker_deaths_max = 2})});
  for (int death = 0; death < 2; ++death) {
    claim(30s);
    clock_.advance(30s);
    step();
    clock_.advance(1h);
    step();
  }
  EXPECT_EQ(state(1), State::failed);
}

TEST_F(RescuerTest, EndsACancelledTaskWhoseWorkerDied) {
  insert({a_task(1)});
  claim(30s);
  const auto cancel =
      transition(*ledger_.get(task_id(1)), event::Cancel{.by = "ann"}, {.now = clock_.now()});
  ASSERT_TRUE(cancel);
  ASSERT_TRUE(ledger_.apply(std::vector{*cancel}));
  clock_.advance(30s);
  step();
  EXPECT_EQ(state(1), State::cancelled);
}

}  // namespace
}  // namespace waybill
