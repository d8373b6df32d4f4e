#include <thread>

#include "tests/conformance/clock/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ClockConformance);

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

}  // namespace
}  // namespace waybill
