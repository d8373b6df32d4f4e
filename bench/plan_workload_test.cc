#include "bench/plan_workload.h"

#include <gtest/gtest.h>

#include <set>

namespace waybill::bench {
namespace {

TEST(PlanWorkload, HasTheSameKeysInBothOrders) {
  const PlanWorkload workload(3000);
  std::set<std::string> listed;
  std::set<std::string> shuffled;
  std::string last;
  for (std::uint64_t i = 0; i < 3000; ++i) {
    const std::string key = workload.key(i, KeyOrder::listed);
    EXPECT_LT(last, key) << "a store lists by bytes";
    last = key;
    listed.insert(key);
    shuffled.insert(workload.key(i, KeyOrder::shuffled));
  }
  EXPECT_EQ(listed.size(), 3000u);
  EXPECT_EQ(listed, shuffled);
}

/// The quickest of three runs, which other work on the machine disturbs least.
PlanFigures quickest(const PlanWorkload& workload, KeyOrder order) {
  PlanFigures best = measure_plan(workload, order);
  for (int again = 0; again < 2; ++again) {
    const PlanFigures figures = measure_plan(workload, order);
    if (figures.seconds < best.seconds) best = figures;
  }
  return best;
}

// The target, 1,000,000 objects in 2 s and 200 MB, is measured by `waybill bench` on a quiet
// machine. Here the bound only catches what is out of proportion, however slow the machine.
TEST(PlanWorkload, TakesTimeInProportionToItsObjectsInAnyOrder) {
  const PlanWorkload small(6'000);
  const PlanWorkload large(60'000);
  for (const KeyOrder order : {KeyOrder::listed, KeyOrder::shuffled}) {
    const PlanFigures figures = quickest(large, order);
    EXPECT_EQ(figures.tasks, 20'000u);
    EXPECT_LT(figures.seconds, 50 * quickest(small, order).seconds);
  }
}

}  // namespace
}  // namespace waybill::bench
