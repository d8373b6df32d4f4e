#include "services/parallel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <latch>
#include <set>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace waybill {
namespace {

TEST(GrowingParallel, CallsForEveryIndexOnce) {
  for (const std::size_t count : {0U, 1U, 2U, 50U}) {
    for (const Pace pace : {Pace::quick, Pace::slow}) {
      std::vector<std::atomic<int>> calls(count);
      in_growing_parallel(count, {.first = 3, .most = 8}, [&](std::size_t i) {
        ++calls[i];
        return pace;
      });
      for (const auto& times : calls) EXPECT_EQ(times, 1);
    }
  }
}

TEST(GrowingParallel, StaysWithTheFirstThreadsWhereCallsAreQuick) {
  Mutex mutex;
  std::set<std::thread::id> threads;
  in_growing_parallel(500, {.first = 2, .most = 16}, [&](std::size_t) {
    const Lock lock(mutex);
    threads.insert(std::this_thread::get_id());
    return Pace::quick;
  });
  EXPECT_LE(threads.size(), 2U);
}

TEST(GrowingParallel, AddsTwoThreadsForASlowCall) {
  std::latch together(3);  // who is alone waits for ever
  in_growing_parallel(4, {.first = 1, .most = 16}, [&](std::size_t i) {
    if (i > 0) together.arrive_and_wait();
    return i == 0 ? Pace::slow : Pace::quick;
  });
  EXPECT_TRUE(together.try_wait());
}

TEST(GrowingParallel, NeverHasMoreThreadsThanAllowed) {
  for (const std::size_t first : {1U, 3U, 9U}) {
    Mutex mutex;
    std::set<std::thread::id> threads;
    std::atomic<int> now{0};
    std::atomic<int> most{0};
    in_growing_parallel(300, {.first = first, .most = 3}, [&](std::size_t) {
      most = std::max<int>(most, ++now);
      {
        const Lock lock(mutex);
        threads.insert(std::this_thread::get_id());
      }
      --now;
      return Pace::slow;
    });
    EXPECT_LE(most, 3);
    EXPECT_LE(threads.size(), 3U);
  }
}

}  // namespace
}  // namespace waybill
