#include "adapters/local/system_clock.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>

#include "ports/bell.h"
#include "tests/conformance/clock/suite.h"

namespace waybill {
namespace {

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

TEST(SystemClock, LetsABellWakeAWaitWithoutEnd) {
  SystemClock clock;
  Bell bell;
  const std::uint64_t seen = bell.rung();
  const std::jthread ringer([&] { bell.ring(); });
  EXPECT_EQ(bell.wait(seen, Deadline{}, clock), Bell::Woken::rung);
}

const ClockImplementation kSystem{.name = "system",
                                  .make = [] { return std::make_unique<SystemClock>(); }};

INSTANTIATE_TEST_SUITE_P(Local, ClockConformance, testing::Values(kSystem),
                         [](const auto& instance) { return instance.param.name; });
INSTANTIATE_TEST_SUITE_P(Local, BlockingClockConformance, testing::Values(kSystem),
                         [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace waybill
