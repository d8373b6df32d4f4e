#include "testing/sim_clock.h"

#include <gtest/gtest.h>

#include <thread>

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST(SimClock, WaitingAloneMovesBothClocksToTheEndOfTheWait) {
  SimClock clock;
  const Time before = clock.now();
  const SteadyTime until = clock.steady_now() + 5s;
  clock.wait_until(until, {});
  EXPECT_EQ(clock.steady_now(), until);
  EXPECT_EQ(clock.now(), before + 5s);
}

TEST(SimClock, WaitingForThePastTakesNoTime) {
  SimClock clock;
  const SteadyTime before = clock.steady_now();
  clock.wait_until(before - 1s, {});
  EXPECT_EQ(clock.steady_now(), before);
}

TEST(SimClock, AJumpLeavesSteadyTimeAlone) {
  SimClock clock;
  const Time wall = clock.now();
  const SteadyTime steady = clock.steady_now();
  clock.jump(-1h);
  EXPECT_EQ(clock.now(), wall - 1h);
  EXPECT_EQ(clock.steady_now(), steady);
}

TEST(SimClock, ABlockedThreadWakesWhenTimeIsMovedFarEnough) {
  SimClock clock(OnWait::blocks);
  const SteadyTime until = clock.steady_now() + 10s;
  SteadyTime woken{};
  std::jthread sleeper([&] {
    clock.wait_until(until, {});
    woken = clock.steady_now();
  });
  clock.await_waiters(1);
  clock.advance(9s);
  clock.await_waiters(1);
  clock.advance(1s);
  sleeper.join();
  EXPECT_EQ(woken, until);
}

TEST(SimClock, ABlockedThreadWakesWhenItIsAskedToStop) {
  SimClock clock(OnWait::blocks);
  std::jthread sleeper([&](std::stop_token stop) { clock.wait_until(kSteadyTimeMax, stop); });
  clock.await_waiters(1);
  sleeper.request_stop();
  sleeper.join();
  EXPECT_FALSE(sleeper.joinable());
}

TEST(SimClock, TimeThatWaitsForIdleThreadsDoesNotRunAwayFromThem) {
  SimClock clock(OnWait::blocks);
  EXPECT_FALSE(clock.advance_if_idle(1s, 1)) << "nobody waits";
  const SteadyTime begin = clock.steady_now();
  std::jthread waiter([&] {
    for (int i = 1; i <= 3; ++i) clock.wait_until(begin + i * 1s, {});
  });
  for (int i = 1; i <= 3; ++i) {
    clock.await_waiters(1);
    EXPECT_EQ(clock.steady_now(), begin + (i - 1) * 1s);
    EXPECT_TRUE(clock.advance_if_idle(1s, 1));
  }
  waiter.join();
  EXPECT_FALSE(clock.advance_if_idle(1s, 1));
}

}  // namespace
}  // namespace waybill
