#include "adapters/local/system_clock.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "ports/bell.h"

namespace waybill {
namespace {

TEST(SystemClock, WaitsUntilTheTimeHasComeAndNotLonger) {
  SystemClock clock;
  const SteadyTime until = clock.steady_now() + std::chrono::milliseconds(5);
  clock.wait_until(until, {});
  EXPECT_GE(clock.steady_now(), until);
  clock.wait_until(until, {});  // over already: returns
}

TEST(SystemClock, WakesWhenAskedToStopEvenFromAWaitWithoutEnd) {
  SystemClock clock;
  std::promise<void> woken;
  std::jthread waiter([&](const std::stop_token& stop) {
    clock.wait_until(kSteadyTimeMax, stop);
    woken.set_value();
  });
  waiter.request_stop();
  woken.get_future().wait();
}

TEST(SystemClock, DoesNotWaitAtAllWhenItWasAskedToStopBefore) {
  SystemClock clock;
  std::stop_source stop;
  stop.request_stop();
  clock.wait_until(kSteadyTimeMax, stop.get_token());
}

TEST(SystemClock, LetsABellWakeAWaitWithoutEnd) {
  SystemClock clock;
  Bell bell;
  const std::uint64_t seen = bell.rung();
  const std::jthread ringer([&] { bell.ring(); });
  EXPECT_EQ(bell.wait(seen, Deadline{}, clock), Bell::Woken::rung);
}

TEST(SystemClock, CountsInUtcAndNeverBackwards) {
  SystemClock clock;
  const SteadyTime before = clock.steady_now();
  EXPECT_LE(before, clock.steady_now());
  const Time year_2020 = std::chrono::sys_days(std::chrono::year(2020) / 1 / 1);
  EXPECT_GT(clock.now(), year_2020);
}

}  // namespace
}  // namespace waybill
