#include "services/scheduler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

// SimClock begins at 2026-11-22T12:00:00Z.
Schedule every_ten_minutes() { return {.name = "tidy", .cron = "*/10 * * * *", .task = a_task(1)}; }

/// Loses what it is told to settle, as a process does that is killed before it can say so.
class ForgetfulRegistry final : public Registry {
 public:
  explicit ForgetfulRegistry(Registry& registry) : registry_(registry) {}

  Status settle_schedule(const std::string&, Time) override {
    return fail(Code::unavailable, "killed");
  }
  Result<std::vector<Schedule>> schedules() override { return registry_.schedules(); }
  Status write_queue(const QueueSettings& settings, QueueFields fields) override {
    return registry_.write_queue(settings, fields);
  }
  Result<std::vector<QueueSettings>> queues() override { return registry_.queues(); }
  Status put_schedule(const Schedule& schedule) override {
    return registry_.put_schedule(schedule);
  }
  Status pause_schedule(const std::string& name, const SchedulePause& pause, Time now) override {
    return registry_.pause_schedule(name, pause, now);
  }
  Status remove_schedule(const std::string& name) override {
    return registry_.remove_schedule(name);
  }
  Status put_worker(const WorkerInfo& worker) override { return registry_.put_worker(worker); }
  Status remove_worker(const std::string& name) override { return registry_.remove_worker(name); }
  Result<std::vector<WorkerInfo>> workers() override { return registry_.workers(); }

 private:
  Registry& registry_;
};

class SchedulerTest : public testing::Test {
 protected:
  void put(const Schedule& schedule) { ASSERT_TRUE(ledger_.put_schedule(schedule)); }
  /// Steps until there is nothing left to do now.
  Duration settle(Scheduler& scheduler) {
    for (;;) {
      const Result<Duration> wait = scheduler.step({});
      EXPECT_TRUE(wait) << wait.error().message;
      if (!wait || *wait > 0s) return wait.value_or(Duration(-1));
    }
  }
  Duration settle() { return settle(scheduler_); }
  /// The nominal times of all tasks, in the order in which they were made.
  std::vector<std::string> fired() {
    std::vector<std::string> times;
    const auto page = ledger_.page({.order = PageOrder::oldest_first, .limit = 10'000});
    for (const Task& task : page->tasks) {
      times.push_back(task.request.dedup_key.substr(task.request.dedup_key.rfind('/') + 1));
    }
    return times;
  }

  SimClock clock_;
  FakeLedger ledger_{clock_};
  Scheduler scheduler_{ledger_, ledger_, {.fires_max = 3, .wait_max = 1h}};
};

TEST_F(SchedulerTest, FiresAtEachNominalTimeAndSaysHowLongToWait) {
  put(every_ten_minutes());
  EXPECT_EQ(settle(), 10min);
  EXPECT_THAT(fired(), IsEmpty()) << "nothing is owed for the time before it was there";
  clock_.advance(10min);
  EXPECT_EQ(settle(), 10min);
  clock_.advance(10min);
  settle();
  settle();
  EXPECT_THAT(fired(), ElementsAre("2026-11-22T12:10:00Z", "2026-11-22T12:20:00Z"));
}

TEST_F(SchedulerTest, CatchesUpOnAllInPiecesWhenThatIsThePolicy) {
  Schedule schedule = every_ten_minutes();
  schedule.catch_up = CatchUp::all;
  put(schedule);
  settle();
  clock_.advance(2h);
  settle();
  EXPECT_EQ(fired().size(), 12u);
}

TEST_F(SchedulerTest, CatchesUpOnTheLatestOnlyWhenThatIsThePolicy) {
  put(every_ten_minutes());
  settle();
  clock_.advance(2h);
  settle();
  EXPECT_THAT(fired(), ElementsAre("2026-11-22T14:00:00Z"));
}

TEST_F(SchedulerTest, FiresOnceForATimeThoughItWasKilledBeforeSettlingIt) {
  put(every_ten_minutes());
  settle();
  clock_.advance(10min);
  ForgetfulRegistry forgetful(ledger_);
  Scheduler killed(ledger_, forgetful);
  ASSERT_TRUE(killed.step({}));
  ASSERT_THAT(fired(), ElementsAre("2026-11-22T12:10:00Z"));
  settle();
  EXPECT_THAT(fired(), ElementsAre("2026-11-22T12:10:00Z"));
}

TEST_F(SchedulerTest, FiresOnceThoughTwoRunSideBySide) {
  Schedule schedule = every_ten_minutes();
  schedule.catch_up = CatchUp::all;
  put(schedule);
  Scheduler other(ledger_, ledger_, {.fires_max = 2});
  settle();
  for (int i = 0; i < 6; ++i) {
    clock_.advance(25min);
    settle(other);
    settle();
  }
  EXPECT_EQ(fired().size(), 15u);
}

TEST_F(SchedulerTest, OwesNothingForTheTimeInWhichSomebodyPausedIt) {
  Schedule schedule = every_ten_minutes();
  schedule.catch_up = CatchUp::all;
  put(schedule);
  settle();
  ASSERT_TRUE(ledger_.pause_schedule(schedule.name, {.at = clock_.now(), .by = "ann"}, {}));
  clock_.advance(25min);
  EXPECT_GT(settle(), 0s);
  clock_.advance(20min);
  // Nobody looked for the last twenty minutes.
  ASSERT_TRUE(ledger_.pause_schedule(schedule.name, {}, clock_.now()));
  settle();
  EXPECT_THAT(fired(), IsEmpty());
  clock_.advance(5min);
  settle();
  EXPECT_EQ(fired().size(), 1u);
}

TEST_F(SchedulerTest, OwesNothingForTheTimeInWhichAScheduleWasPaused) {
  Schedule schedule = every_ten_minutes();
  schedule.catch_up = CatchUp::all;
  put(schedule);
  settle();
  schedule.paused = true;
  put(schedule);
  clock_.advance(65min);
  settle();
  schedule.paused = false;
  put(schedule);
  settle();
  EXPECT_THAT(fired(), IsEmpty());
  clock_.advance(5min);
  settle();
  EXPECT_THAT(fired(), ElementsAre("2026-11-22T13:10:00Z"));
}

TEST_F(SchedulerTest, WritesNothingWhileNoTimePasses) {
  put(every_ten_minutes());
  settle();
  const Time before = ledger_.schedules()->at(0).handled_until;
  clock_.advance(9min);
  settle();
  EXPECT_EQ(ledger_.schedules()->at(0).handled_until, before);
}

TEST_F(SchedulerTest, LetsOthersFireBesideOneThatCannot) {
  Schedule broken = every_ten_minutes();
  broken.name = "broken";
  broken.zone = "Nowhere/AtAll";
  put(broken);
  put(every_ten_minutes());
  settle();
  clock_.advance(10min);
  settle();
  EXPECT_THAT(fired(), ElementsAre("2026-11-22T12:10:00Z"));
}

TEST_F(SchedulerTest, LooksForNewSchedulesAfterItsLongestWait) { EXPECT_EQ(settle(), 1h); }

}  // namespace
}  // namespace waybill
