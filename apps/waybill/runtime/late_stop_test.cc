#include "apps/waybill/runtime/late_stop.h"

#include <gtest/gtest.h>

#include <future>

#include "adapters/local/system_clock.h"

namespace waybill::cli {
namespace {

TEST(LateStop, FollowsTheFirstRequestNoSoonerThanItIsToldTo) {
  SystemClock clock;
  std::stop_source first;
  const Duration after = std::chrono::milliseconds(50);
  const LateStop late(first.get_token(), after, clock);
  std::promise<SteadyTime> came;
  const std::stop_callback told(late.token(), [&] { came.set_value(clock.steady_now()); });
  EXPECT_FALSE(late.token().stop_requested());
  const SteadyTime asked = clock.steady_now();
  first.request_stop();
  EXPECT_GE(came.get_future().get() - asked, after);
}

TEST(LateStop, EndsWithoutWaitingForARequest) {
  SystemClock clock;
  std::stop_source first;
  std::stop_token token;
  {
    const LateStop late(first.get_token(), std::chrono::hours(1), clock);
    token = late.token();
  }
  EXPECT_FALSE(token.stop_requested());
  {
    first.request_stop();
    const LateStop late(first.get_token(), std::chrono::hours(1), clock);
    token = late.token();
  }
  EXPECT_FALSE(token.stop_requested());
}

}  // namespace
}  // namespace waybill::cli
