#include "base/work_slots.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace waybill {
namespace {

TEST(WorkSlotsTest, SoManyAtOnceAndNothingTwice) {
  WorkSlots slots(2);
  auto first = slots.try_take("a");
  ASSERT_TRUE(first);
  EXPECT_FALSE(slots.try_take("a"));
  auto second = slots.try_take("b");
  ASSERT_TRUE(second);
  EXPECT_FALSE(slots.try_take("c"));
  first.reset();
  EXPECT_TRUE(slots.try_take("c"));
}

TEST(WorkSlotsTest, WhoWaitsHasItsTurn) {
  WorkSlots slots(2);
  std::atomic<int> at_it = 0;
  std::atomic<int> done = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        const auto held = slots.take("the same");
        EXPECT_EQ(++at_it, 1);
        std::this_thread::yield();
        --at_it;
        ++done;
      });
    }
  }
  EXPECT_EQ(done, 8);
}

}  // namespace
}  // namespace waybill
