#include <latch>
#include <thread>

#include "tests/conformance/clock/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClockConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BlockingClockConformance);

namespace {

using namespace std::chrono_literals;

TEST_P(ClockConformance, SteadyTimeNeverGoesBack) {
  SteadyTime last = clock_->steady_now();
  for (int i = 0; i < 1000; ++i) {
    const SteadyTime now = clock_->steady_now();
    EXPECT_GE(now, last);
    last = now;
  }
}

TEST_P(ClockConformance, TimeIsOfOurAge) {
  EXPECT_GT(clock_->now(), Time(std::chrono::sys_days(std::chrono::year(2020) / 1 / 1)));
  EXPECT_LT(clock_->now(), Time(std::chrono::sys_days(std::chrono::year(2200) / 1 / 1)));
}

TEST_P(ClockConformance, AWaitEndsNoEarlierThanItsEndOnBothClocks) {
  const Time wall = clock_->now();
  const SteadyTime until = clock_->steady_now() + 3ms;
  clock_->wait_until(until, {});
  EXPECT_GE(clock_->steady_now(), until);
  EXPECT_GE(clock_->now(), wall + 2ms);
}

TEST_P(ClockConformance, AWaitForThePastReturnsAtOnce) {
  clock_->wait_until(SteadyTime{}, {});
  clock_->wait_until(clock_->steady_now() - 1h, {});
  EXPECT_LT(clock_->now(), kTimeMax);
}

TEST_P(ClockConformance, AStopThatWasAskedForBeforeEndsAnEndlessWait) {
  std::stop_source stop;
  stop.request_stop();
  const SteadyTime before = clock_->steady_now();
  clock_->wait_until(kSteadyTimeMax, stop.get_token());
  EXPECT_LT(clock_->steady_now(), before + 24h);
}

TEST_P(BlockingClockConformance, AStopDuringAWaitEndsItEarly) {
  // Many times, so that the stop comes at each moment of the wait, from before its beginning on.
  for (int round = 0; round < 200; ++round) {
    const SteadyTime until = clock_->steady_now() + 1h;
    std::latch waits(1);
    std::jthread waiter([&](const std::stop_token& stop) {
      waits.count_down();
      clock_->wait_until(until, stop);
    });
    waits.wait();
    for (int i = 0; i < round; ++i) (void)clock_->steady_now();  // a yield can cost a time slice
    waiter.request_stop();
    waiter.join();
    ASSERT_LT(clock_->steady_now(), until);
  }
}

TEST_P(BlockingClockConformance, AStopEndsEveryWaitThatHasItsToken) {
  std::stop_source stop;
  const SteadyTime until = clock_->steady_now() + 1h;
  std::jthread first([&] { clock_->wait_until(until, stop.get_token()); });
  std::jthread second([&] { clock_->wait_until(kSteadyTimeMax, stop.get_token()); });
  stop.request_stop();
  first.join();
  second.join();
  EXPECT_LT(clock_->steady_now(), until);
}

}  // namespace
}  // namespace waybill
