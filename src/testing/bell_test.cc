#include "ports/bell.h"

#include <gtest/gtest.h>

#include <thread>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST(Bell, ARingBetweenLookingAndWaitingIsNotMissed) {
  SimClock clock(OnWait::blocks);
  Bell bell;
  const auto seen = bell.rung();
  bell.ring();
  EXPECT_EQ(bell.wait(seen, {}, clock), Bell::Woken::rung);
}

TEST(Bell, WakesAThreadThatWaitsOnASimulatedClock) {
  SimClock clock(OnWait::blocks);
  Bell bell;
  Bell::Woken woken = Bell::Woken::in_vain;
  std::jthread waiter([&, seen = bell.rung()] { woken = bell.wait(seen, {}, clock); });
  clock.await_waiters(1);
  bell.ring();
  waiter.join();
  EXPECT_EQ(woken, Bell::Woken::rung);
}

TEST(Bell, IsWaitedForInVainUntilTheDeadlineOrAStop) {
  SimClock clock;
  Bell bell;
  const Deadline deadline{.at = clock.steady_now() + 3s};
  EXPECT_EQ(bell.wait(bell.rung(), deadline, clock), Bell::Woken::in_vain);
  EXPECT_EQ(clock.steady_now(), deadline.at);
  std::stop_source stopped;
  stopped.request_stop();
  EXPECT_EQ(bell.wait(bell.rung(), {.stop = stopped.get_token()}, clock), Bell::Woken::in_vain);
}

}  // namespace
}  // namespace waybill
