#include "services/rate_limiter.h"

#include <gtest/gtest.h>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class RateLimiterTest : public testing::Test {
 protected:
  /// How many are let through at this moment, of `tries`.
  static int taken(RateLimiter& limiter, const std::string& name, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += limiter.take(name) ? 0 : 1;
    return count;
  }

  SimClock clock_;
};

TEST_F(RateLimiterTest, WithoutALimitEverythingGoesThroughAndNothingIsKept) {
  RateLimiter limiter(clock_, {});
  EXPECT_EQ(taken(limiter, "token:a", 1000), 1000);
  EXPECT_EQ(limiter.names(), 0u);
}

TEST_F(RateLimiterTest, LetsWhatFiveSecondsBringThroughAtOnceAndThenTheRate) {
  RateLimiter limiter(clock_, {.per_second = 20});
  EXPECT_EQ(taken(limiter, "token:a", 200), 100);
  clock_.advance(1s);
  EXPECT_EQ(taken(limiter, "token:a", 200), 20);
  clock_.advance(1h);
  EXPECT_EQ(taken(limiter, "token:a", 200), 100) << "a bucket holds no more than it holds";
  EXPECT_EQ(limiter.refused(), 380u);
}

TEST_F(RateLimiterTest, ARateOfItsOwnGoesBeforeThatOfAll) {
  RateLimiter limiter(clock_, {.per_second = 20});
  const auto taken_at = [&](const std::string& name, std::int64_t per_second) {
    int count = 0;
    for (int i = 0; i < 1000; ++i) count += limiter.take(name, per_second) ? 0 : 1;
    return count;
  };
  EXPECT_EQ(taken_at("token:slow", 2), 10);
  EXPECT_EQ(taken_at("token:fast", 50), 250);
  EXPECT_EQ(taken(limiter, "token:other", 1000), 100);
  clock_.advance(1s);
  EXPECT_EQ(taken_at("token:slow", 2), 2);
  RateLimiter open(clock_, {});
  EXPECT_TRUE(open.take("token:slow", 1) == std::nullopt);
  int count = 0;
  for (int i = 0; i < 100; ++i) count += open.take("token:slow", 1) ? 0 : 1;
  EXPECT_EQ(count, 9) << "also where nobody else is held to any";
}

TEST_F(RateLimiterTest, SaysWhenTheNextOneIsThere) {
  RateLimiter limiter(clock_, {.per_second = 2});
  EXPECT_EQ(taken(limiter, "token:a", 20), 10) << "ten at least";
  EXPECT_EQ(limiter.take("token:a"), Duration(500ms));
  clock_.advance(300ms);
  EXPECT_EQ(limiter.take("token:a"), Duration(200ms));
  clock_.advance(200ms);
  EXPECT_EQ(limiter.take("token:a"), std::nullopt);
}

TEST_F(RateLimiterTest, NamesShareNothing) {
  RateLimiter limiter(clock_, {.per_second = 1});
  EXPECT_EQ(taken(limiter, "token:a", 20), 10);
  EXPECT_EQ(taken(limiter, "token:b", 20), 10);
}

TEST_F(RateLimiterTest, ForgetsThoseFirstOfWhomNothingNeedBeKnown) {
  RateLimiter limiter(clock_, {.per_second = 1, .names_max = 3});
  EXPECT_EQ(taken(limiter, "token:busy", 20), 10);
  limiter.take("token:b");
  limiter.take("token:c");
  clock_.advance(2s);
  for (int i = 0; i < 100; ++i) limiter.take("token:" + std::to_string(i));
  EXPECT_EQ(limiter.names(), 3u);
  EXPECT_EQ(taken(limiter, "token:busy", 20), 2) << "its bucket was the least full";
}

}  // namespace
}  // namespace waybill
