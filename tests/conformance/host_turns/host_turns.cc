#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/conformance/host_turns/suite.h"

namespace waybill {
namespace {

HostHolding turns_of(std::uint8_t worker, Duration lease = std::chrono::minutes(1)) {
  HostHolding holding{.holder = {}, .lease = lease};
  holding.holder.bytes[15] = worker;
  return holding;
}
HostNeed wanting(const std::string& host, int wanted, int most) {
  return {.host = host, .slots_wanted = wanted, .slots_max = most};
}

}  // namespace

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(HostTurnsConformance);

HostTerms HostTurnsConformance::take(std::uint8_t worker, const HostNeed& need) {
  const auto terms = subject_.turns->take(turns_of(worker), {&need, 1});
  if (terms && terms->size() == 1) return terms->front();
  ADD_FAILURE() << (terms ? "other terms" : terms.error().message);
  return {};
}

TEST_P(HostTurnsConformance, WorkersShareAHostAndGiveBack) {
  EXPECT_EQ(take(1, wanting("a.example", 2, 3)).slots, 2);
  EXPECT_EQ(take(2, wanting("a.example", 2, 3)).slots, 1);
  EXPECT_EQ(take(2, wanting("b.example", 2, 3)).slots, 2) << "another host";
  take(1, wanting("a.example", 0, 3));
  EXPECT_EQ(take(2, wanting("a.example", 2, 3)).slots, 2);
}

TEST_P(HostTurnsConformance, SeveralHostsAreAnsweredInTheirOrder) {
  take(1, wanting("b.example", 1, 1));
  const std::vector<HostNeed> needs = {wanting("c.example", 1, 1), wanting("b.example", 1, 1),
                                       wanting("a.example", 1, 1)};
  const auto terms = subject_.turns->take(turns_of(2), needs);
  ASSERT_TRUE(terms.has_value()) << terms.error().message;
  ASSERT_EQ(terms->size(), 3U);
  EXPECT_EQ((*terms)[0].slots, 1);
  EXPECT_EQ((*terms)[1].slots, 0);
  EXPECT_EQ((*terms)[2].slots, 1);
}

TEST_P(HostTurnsConformance, RetryAfterAndFailuresAreKept) {
  HostNeed refused = wanting("a.example", 1, 4);
  refused.leave_alone = std::chrono::minutes(30);
  take(1, refused);
  const HostTerms other = take(2, wanting("a.example", 1, 4));
  EXPECT_GT(other.alone, std::chrono::minutes(25));
  EXPECT_EQ(other.slots, 0);
  HostNeed failed = wanting("b.example", 1, 4);
  failed.failures = kHostFailuresMax + 1;
  take(1, failed);
  EXPECT_TRUE(take(2, wanting("b.example", 1, 4)).is_spent);
}

TEST_P(HostTurnsConformance, TimesOfOneWorkerAreNotThoseOfAnother) {
  HostNeed spaced = wanting("a.example", 1, 4);
  spaced.delay = std::chrono::minutes(5);
  spaced.times_wanted = 3;
  spaced.wait_max = std::chrono::minutes(10);
  EXPECT_EQ(take(1, spaced).times, 1);
  const HostTerms second = take(2, spaced);
  EXPECT_EQ(second.times, 1);
  EXPECT_GT(second.wait, std::chrono::minutes(4));
  const HostTerms third = take(3, spaced);
  EXPECT_GT(third.wait, std::chrono::minutes(8));
}

TEST_P(HostTurnsConformance, WhatIsNoNeedIsRefusedWhole) {
  const std::vector<HostNeed> needs = {wanting("a.example", 1, 1), wanting("", 1, 1)};
  const auto refused = subject_.turns->take(turns_of(1), needs);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_EQ(take(2, wanting("a.example", 1, 1)).slots, 1) << "nothing was taken";
  const std::vector<HostNeed> twice = {wanting("a.example", 1, 1), wanting("a.example", 1, 1)};
  EXPECT_FALSE(subject_.turns->take(turns_of(1), twice).has_value());
  const HostNeed need = wanting("a.example", 1, 1);
  EXPECT_FALSE(subject_.turns->take(turns_of(1, std::chrono::hours(1)), {&need, 1}).has_value());
  EXPECT_TRUE(subject_.turns->take(turns_of(1), {})->empty());
}

TEST_P(HostTurnsConformance, ThreadsNeverHaveMoreThanTheLimit) {
  constexpr int kMost = 2;
  std::atomic<int> under_way = 0;
  std::atomic<int> most = 0;
  std::atomic<int> begun = 0;
  {
    std::vector<std::jthread> threads;
    for (std::uint8_t worker = 1; worker <= 4; ++worker) {
      threads.emplace_back([&, worker] {
        for (int i = 0; i < 25; ++i) {
          if (take(worker, wanting("a.example", 1, kMost)).slots == 0) continue;
          const int now = ++under_way;
          for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
          }
          ++begun;
          --under_way;
          take(worker, wanting("a.example", 0, kMost));
        }
        take(worker, wanting("a.example", 0, kMost));
      });
    }
  }
  EXPECT_LE(most, kMost);
  EXPECT_GT(begun, 0);
}

}  // namespace waybill
