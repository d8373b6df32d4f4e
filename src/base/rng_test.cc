#include "base/rng.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace waybill {
namespace {

TEST(Rng, TheSameSeedGivesTheSameSequence) {
  Rng a(42);
  Rng b(42);
  Rng c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const auto value = a.next();
    EXPECT_EQ(value, b.next());
    differs = differs || value != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(Rng, AForkDoesNotDisturbTheSequence) {
  Rng a(1);
  Rng b(1);
  Rng fork = a.fork();
  b.next();
  for (int i = 0; i < 10; ++i) fork.next();
  EXPECT_EQ(a.next(), b.next());
}

RC_GTEST_PROP(Rng, KeepsWithinItsBounds, (std::uint64_t seed, std::uint64_t bound)) {
  Rng rng(seed);
  bound = bound == 0 ? 1 : bound;
  for (int i = 0; i < 100; ++i) {
    RC_ASSERT(rng.below(bound) < bound);
    const double unit = rng.unit();
    RC_ASSERT(unit >= 0 && unit < 1);
  }
}

TEST(Rng, EveryValueIsAsLikelyAsTheOthers) {
  Rng rng(7);
  std::array<int, 6> seen{};
  for (int i = 0; i < 60'000; ++i) ++seen[rng.below(6)];
  // Five standard deviations of a fair die.
  for (const int count : seen) EXPECT_NEAR(count, 10'000, 460);
}

}  // namespace
}  // namespace waybill
