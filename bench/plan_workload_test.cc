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

/// The quicker of it and another run: other work on the machine disturbs that least.
void run_again(const PlanWorkload& workload, KeyOrder order, PlanFigures& best) {
  const PlanFigures figures = measure_plan(workload, order);
  if (best.seconds == 0 || figures.seconds < best.seconds) best = figures;
}

// The target, 1,000,000 objects in 2 s and 200 MB, is measured by `waybill bench` on a quiet
// machine. Here the bound only catches what is out of proportion, however slow the machine.
TEST(PlanWorkload, TakesTimeInProportionToItsObjectsInAnyOrder) {
  const PlanWorkload small(6'000);
  const PlanWorkload large(60'000);
  for (const KeyOrder order : {KeyOrder::listed, KeyOrder::shuffled}) {
    PlanFigures of_small;
    PlanFigures of_large;
    for (int runs = 0; runs < 3 || (runs < 20 && of_large.seconds >= 50 * of_small.seconds);
         ++runs) {
      run_again(small, order, of_small);
      run_again(large, order, of_large);
    }
    EXPECT_EQ(of_large.tasks, 20'000u);
    EXPECT_LT(of_large.seconds, 50 * of_small.seconds);
  }
}

}  // namespace
}  // namespace waybill::bench
