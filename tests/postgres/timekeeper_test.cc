#include "adapters/postgres/timekeeper.h"

#include <gtest/gtest.h>

#include "testing/sim_clock.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;

constexpr Time kServer = Time(1'000'000s);

TEST(Timekeeper, TheFirstAnswerIsTakenForTheMiddleOfItsTime) {
  SimClock clock(kServer, OnWait::advances);
  Timekeeper time(clock, TimeSource::database);
  const SteadyTime asked = clock.steady_now();
  clock.advance(2s);
  time.learn(kServer + 1h, asked);
  EXPECT_EQ(time.now(), kServer + 1h + 1s);
}

TEST(Timekeeper, AnAnswerThatWaitedForALockTakesNothingBack) {
  SimClock clock(kServer, OnWait::advances);
  Timekeeper time(clock, TimeSource::database);
  time.learn(kServer, clock.steady_now());
  const SteadyTime asked = clock.steady_now();
  clock.advance(4s);  // the server told its time at once, and then waited
  time.learn(kServer, asked);
  EXPECT_EQ(time.now(), kServer + 4s);
}

TEST(Timekeeper, AServersClockThatStepsIsFollowed) {
  SimClock clock(kServer, OnWait::advances);
  Timekeeper time(clock, TimeSource::database);
  time.learn(kServer, clock.steady_now());
  time.learn(kServer + 5min, clock.steady_now());
  EXPECT_EQ(time.now(), kServer + 5min);
  time.learn(kServer - 5min, clock.steady_now());
  EXPECT_EQ(time.now(), kServer - 5min);
}

}  // namespace
}  // namespace waybill::postgres
