#include "services/service_loop.h"

#include <gtest/gtest.h>

#include <deque>
#include <future>
#include <vector>

#include "base/mutex.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

/// Answers what it is told to, then waits an hour each time.
class ScriptedService final : public Service {
 public:
  explicit ScriptedService(std::deque<Result<Duration>> answers) : answers_(std::move(answers)) {}

  std::string_view name() const override { return "scripted"; }
  Result<Duration> step(const Deadline&) override {
    const Lock lock(mutex_);
    ++steps_;
    changed_.notify_all();
    if (answers_.empty()) return Duration(1h);
    Result<Duration> answer = answers_.front();
    answers_.pop_front();
    return answer;
  }

  void await_steps(int steps) {
    Lock lock(mutex_);
    while (steps_ < steps) changed_.wait(lock);
  }
  int steps() {
    const Lock lock(mutex_);
    return steps_;
  }

 private:
  Mutex mutex_;
  Condition changed_;
  std::deque<Result<Duration>> answers_ GUARDED_BY(mutex_);
  int steps_ GUARDED_BY(mutex_) = 0;
};

/// Rings its own bell in its first step, which fails; notes when the second begins.
class RingingService final : public Service {
 public:
  explicit RingingService(Clock& clock) : clock_(clock) {}

  std::string_view name() const override { return "ringing"; }
  Result<Duration> step(const Deadline&) override {
    if (steps_++ == 0) {
      loop_.get_future().get()->ring();
      return fail(Code::unavailable, "disk busy");
    }
    if (steps_ == 2) second_step_.set_value(clock_.steady_now());
    return Duration(1h);
  }

  void run_by(ServiceLoop& loop) { loop_.set_value(&loop); }
  SteadyTime second_step() { return second_step_.get_future().get(); }

 private:
  Clock& clock_;
  int steps_ = 0;
  std::promise<ServiceLoop*> loop_;
  std::promise<SteadyTime> second_step_;
};

class ThrowingService final : public Service {
 public:
  std::string_view name() const override { return "throwing"; }
  Result<Duration> step(const Deadline&) override { return std::vector<Duration>().at(1); }
};

TEST(ServiceLoop, StepsWithoutAPauseWhileThereIsMoreAndThenWaits) {
  SimClock clock(OnWait::blocks);
  ScriptedService service({Duration(0), Duration(0), Duration(5s)});
  ServiceLoop loop(service, clock);
  service.await_steps(3);
  clock.await_waiters(1);
  clock.advance(5s - 1us);
  clock.await_waiters(1);
  EXPECT_EQ(service.steps(), 3);
  clock.advance(1us);
  service.await_steps(4);
}

TEST(ServiceLoop, IsWokenByItsBell) {
  SimClock clock(OnWait::blocks);
  ScriptedService service({});
  ServiceLoop loop(service, clock);
  clock.await_waiters(1);
  loop.ring();
  service.await_steps(2);
}

TEST(ServiceLoop, WaitsLongerAfterEachFailureAndNotAtAllLongerAfterASuccess) {
  SimClock clock(OnWait::blocks);
  const Result<Duration> failure = fail(Code::unavailable, "disk busy");
  ScriptedService service({failure, failure, Duration(0), failure});
  ServiceLoop loop(service, clock, {.backoff_first = 100ms, .backoff_max = 10s});
  // With up to a fifth of jitter: 100 to 120 ms, 200 to 240 ms, and from the beginning again.
  clock.await_waiters(1);
  clock.advance(99ms);
  clock.await_waiters(1);
  EXPECT_EQ(service.steps(), 1);
  clock.advance(21ms);
  service.await_steps(2);
  clock.await_waiters(1);
  clock.advance(199ms);
  clock.await_waiters(1);
  EXPECT_EQ(service.steps(), 2);
  clock.advance(41ms);
  service.await_steps(4);
  clock.await_waiters(1);
  clock.advance(120ms);
  service.await_steps(5);
}

TEST(ServiceLoop, LetsNoBellShortenThePauseAfterAFailure) {
  SimClock clock(OnWait::advances);
  const SteadyTime begun = clock.steady_now();
  RingingService service(clock);
  ServiceLoop loop(service, clock, {.backoff_first = 100ms});
  service.run_by(loop);
  EXPECT_GE(service.second_step(), begun + 100ms);
}

TEST(ServiceLoop, WaitsAtLeastAsLongAsAFailureAsksFor) {
  SimClock clock(OnWait::blocks);
  Error error{.code = Code::resource_exhausted, .message = "slow down", .retry_after = 1min};
  ScriptedService service({Result<Duration>(fail(error))});
  ServiceLoop loop(service, clock);
  clock.await_waiters(1);
  clock.advance(1min - 1us);
  clock.await_waiters(1);
  EXPECT_EQ(service.steps(), 1);
  clock.advance(1us);
  service.await_steps(2);
}

TEST(ServiceLoop, StopsInTheMiddleOfAWait) {
  SimClock clock(OnWait::blocks);
  ScriptedService service({});
  ServiceLoop loop(service, clock);
  clock.await_waiters(1);
  loop.stop();
  loop.stop();
  EXPECT_EQ(service.steps(), 1);
}

TEST(ServiceLoopDeathTest, EndsTheProcessWithStatus70OnAnException) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        SimClock clock(OnWait::blocks);
        ThrowingService service;
        ServiceLoop loop(service, clock);
        clock.await_waiters(1);
      },
      testing::ExitedWithCode(70), "throwing.*vector::");
}

}  // namespace
}  // namespace waybill
