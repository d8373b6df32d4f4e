#include "core/priority.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <utility>

#include "base/rng.h"
#include "core/task.h"

namespace waybill {
namespace {

using std::chrono::minutes;

constexpr Time kNow = from_micros(1'800'000'000'000'000);

TEST(Priority, AStepIsWorthAMinuteOfWaiting) {
  EXPECT_LT(rank(1, kNow), rank(0, kNow));
  EXPECT_EQ(rank(1, kNow + minutes(1)), rank(0, kNow));
  EXPECT_GT(rank(10, kNow + minutes(11)), rank(0, kNow));
}

RC_GTEST_PROP(Priority, OrderDoesNotDependOnWhenItIsAsked, (int a, int b, int early, int late)) {
  // The key holds no "now": of two ready tasks the one that is first stays first.
  const int p = a % (kPriorityMax + 1);
  const int q = b % (kPriorityMax + 1);
  const Time s = kNow + minutes(early % 100'000);
  const Time t = kNow + minutes(late % 100'000);
  RC_ASSERT((rank(p, s) < rank(q, t)) == (s - minutes(p) < t - minutes(q)));
}

RC_GTEST_PROP(Priority, ALowOneStartsInTheEndWhateverArrives, ()) {
  Rng rng(*rc::gen::arbitrary<std::uint64_t>());
  const int low = kPriorityMin + static_cast<int>(rng.below(kPriorityMax - kPriorityMin));
  // One worker, one task a minute; each minute a better one arrives, at times several.
  std::set<std::pair<std::int64_t, int>> ready = {{rank(low, kNow), 0}};
  const int before = static_cast<int>(rng.below(50));
  for (int i = 1; i <= before; ++i) ready.emplace(rank(kPriorityMax, kNow), i);
  const int patience = kPriorityMax - low + before + 1;
  for (int minute = 0, next = before + 1; minute <= patience; ++minute, ++next) {
    const int started = ready.begin()->second;
    ready.erase(ready.begin());
    if (started == 0) return;
    const int better = low + 1 + static_cast<int>(rng.below(std::uint64_t(kPriorityMax - low)));
    ready.emplace(rank(better, kNow + minutes(minute + 1)), next);
  }
  RC_FAIL("it starved");
}

}  // namespace
}  // namespace waybill
