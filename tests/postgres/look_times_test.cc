#include "adapters/postgres/look_times.h"

#include <gtest/gtest.h>

namespace waybill::postgres {
namespace {

ClaimParams claim_of(std::vector<std::string> queues, std::vector<std::string> kinds) {
  ClaimParams claim;
  claim.queues = std::move(queues);
  claim.kinds = std::move(kinds);
  return claim;
}

TEST(LookTimes, EachSortOfClaimHasItsOwn) {
  LookTimes times(10, false);
  const ClaimParams one = claim_of({"a", "b"}, {});
  const ClaimParams other = claim_of({"a"}, {"b"});
  EXPECT_FALSE(times.take(one, 0));
  EXPECT_FALSE(times.take(other, 0));
  // As a worker claims: for its slots, and at once for what needs none.
  for (std::int64_t now = 10; now < 100; now += 10) {
    EXPECT_TRUE(times.take(one, now)) << now;
    EXPECT_TRUE(times.take(other, now)) << now;
    EXPECT_FALSE(times.take(one, now)) << now;
  }
  times.set(one, 500);
  EXPECT_FALSE(times.take(one, 499));
  EXPECT_TRUE(times.take(one, 500));
}

TEST(LookTimes, WhatIsNewIsDueAtOnceOrLater) {
  LookTimes times(10, true);
  EXPECT_TRUE(times.take(claim_of({}, {}), 7));
  EXPECT_FALSE(times.take(claim_of({}, {}), 16));
}

TEST(LookTimes, AnyNumberOfSortsTakesABoundedRoom) {
  LookTimes times(10, false);
  const ClaimParams asked = claim_of({"asked"}, {});
  for (std::int64_t now = 0; now < 5000; ++now) {
    EXPECT_FALSE(times.take(claim_of({std::to_string(now)}, {}), now));
    EXPECT_EQ(times.take(asked, now), now > 0 && now % 10 == 0) << now;
  }
}

}  // namespace
}  // namespace waybill::postgres
