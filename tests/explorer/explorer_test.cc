#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "tests/explorer/explore.h"

namespace waybill::explorer {
namespace {

void expect_sound(const World& initial) {
  const Exploration result = explore(initial, Rules());
  std::cout << result.report() << "\n";
  EXPECT_FALSE(result.violation) << result.report();
}

TEST(Explorer, DependentTasksKeepEveryInvariant) {
  expect_sound(dependent_tasks({.claims = 2, .cancels = 1, .retries = 1}));
}

TEST(Explorer, IndependentTasksKeepEveryInvariant) {
  expect_sound(independent_tasks({.claims = 2, .cancels = 0, .retries = 0}));
}

TEST(Explorer, IndependentTasksKeepEveryInvariantWithAPersonAtWork) {
  expect_sound(independent_tasks({.claims = 1, .cancels = 1, .retries = 1}));
}

// Minutes under a sanitizer: WAYBILL_EXPLORE_DEEP=1 runs them.
TEST(Explorer, DeeperWorldsKeepEveryInvariant) {
  if (std::getenv("WAYBILL_EXPLORE_DEEP") == nullptr) GTEST_SKIP() << "set WAYBILL_EXPLORE_DEEP=1";
  expect_sound(dependent_tasks({.claims = 3, .cancels = 1, .retries = 1}));
  expect_sound(independent_tasks({.claims = 2, .cancels = 1, .retries = 0}));
}

TEST(Explorer, EveryActionHasAnEffectSomewhere) {
  const auto verbs =
      explore(dependent_tasks({.claims = 1, .cancels = 1, .retries = 1}), Rules()).verbs;
  for (int verb = 0; verb < kVerbCount; ++verb) {
    EXPECT_GT(verbs[static_cast<std::size_t>(verb)], 0u)
        << to_string(Action{.verb = static_cast<Verb>(verb)});
  }
}

}  // namespace
}  // namespace waybill::explorer
