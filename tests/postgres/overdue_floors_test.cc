#include "adapters/postgres/overdue_floors.h"

#include <gtest/gtest.h>

#include <limits>

namespace waybill::postgres {
namespace {

constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kNow = 1'000'000 * kSecond;

TEST(OverdueFloors, LooksBeginWhereTheLastOneFoundSomething) {
  OverdueFloors floors;
  const auto first = floors.from(0);
  EXPECT_TRUE(first.whole);
  floors.learn(first, {.lease_until = kNow - 500 * kSecond, .run_at = kNone}, kNow, 1, 1);
  const auto next = floors.from(2);
  EXPECT_FALSE(next.whole);
  EXPECT_EQ(next.lease_until, kNow - 500 * kSecond) << "it is overdue, and still there";
  EXPECT_EQ(next.run_at, kNow - 120 * kSecond) << "what comes is due later than it is written";
}

TEST(OverdueFloors, NowAndThenALookIsFromTheBeginning) {
  OverdueFloors floors;
  floors.learn(floors.from(0), {.lease_until = kNone, .run_at = kNone}, kNow, 1, 1);
  EXPECT_FALSE(floors.from(4 * kSecond).whole);
  const auto again = floors.from(6 * kSecond);
  EXPECT_TRUE(again.whole);
  EXPECT_LT(again.lease_until, 0);
  EXPECT_FALSE(floors.from(6 * kSecond).whole) << "one at a time";
  // Where that takes long it is seldom.
  floors.learn(again, {.lease_until = kNone, .run_at = kNone}, kNow, 8 * kSecond, 2 * kSecond);
  EXPECT_FALSE(floors.from(107 * kSecond).whole);
  EXPECT_TRUE(floors.from(108 * kSecond).whole);
}

}  // namespace
}  // namespace waybill::postgres
