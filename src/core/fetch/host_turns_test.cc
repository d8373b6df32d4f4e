#include "core/fetch/host_turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <vector>

namespace waybill {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Time kStart = Time(seconds(1'800'000'000));

HostHolding holding(std::uint8_t number, Duration lease = seconds(10)) {
  HostHolding holding{.holder = {}, .lease = lease};
  holding.holder.bytes[15] = number;
  return holding;
}
HostNeed need(int used, int wanted, int most) {
  return {.host = "example.org",
          .slots_used = used,
          .slots_wanted = wanted,
          .slots_max = most,
          .times_wanted = 1000};
}

TEST(HostTurns, AllWorkersTogetherHaveNoMoreThanTheLimit) {
  HostState state;
  EXPECT_EQ(take_host_turn(state, holding(1), need(0, 2, 3), kStart).slots, 2);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 5, 3), kStart).slots, 1);
  EXPECT_EQ(take_host_turn(state, holding(3), need(0, 1, 3), kStart).slots, 0);
}

TEST(HostTurns, WhatIsGivenBackIsForOthers) {
  HostState state;
  take_host_turn(state, holding(1), need(0, 1, 1), kStart);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart).slots, 0);
  take_host_turn(state, holding(1), need(0, 0, 1), kStart + milliseconds(10));
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart + milliseconds(20)).slots, 1);
}

TEST(HostTurns, AWorkerThatIsHeardOfNoMoreHoldsNothing) {
  HostState state;
  take_host_turn(state, holding(1), need(0, 1, 1), kStart);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart + seconds(9)).slots, 0);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart + seconds(10)).slots, 1);
}

TEST(HostTurns, ALongHolderMakesRoomForWhoWaits) {
  HostState state;
  take_host_turn(state, holding(1), need(0, 1, 1), kStart);
  take_host_turn(state, holding(2), need(0, 1, 1), kStart + seconds(1));
  // What is under way is not cut off, but nothing more is begun.
  EXPECT_EQ(take_host_turn(state, holding(1), need(1, 2, 1), kStart + seconds(2)).slots, 0);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart + seconds(2)).slots, 0);
  EXPECT_EQ(take_host_turn(state, holding(1), need(0, 2, 1), kStart + seconds(3)).slots, 0);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 1), kStart + seconds(3)).slots, 1);
}

TEST(HostTurns, ThePolitestOfThoseWhoWantTurnsCounts) {
  HostState state;
  int used = take_host_turn(state, holding(1), need(0, 6, 8), kStart).slots;
  EXPECT_EQ(used, 6);
  int given = 0;
  for (int second = 1; second <= 20 && given == 0; ++second) {
    const Time now = kStart + seconds(second);
    // What is under way ends, and no more is begun than it may.
    used = std::min(used, take_host_turn(state, holding(1), need(used, 6, 8), now).slots);
    given = take_host_turn(state, holding(2), need(0, 2, 2), now).slots;
    EXPECT_TRUE(given == 0 || used + given <= 2) << used << " " << given;
  }
  EXPECT_GT(given, 0);
}

TEST(HostTurns, WhoOnlyGoesOnKeepsNobodyWithADelayAway) {
  HostState state;
  take_host_turn(state, holding(1), need(0, 1, 4), kStart);
  HostNeed slow = need(0, 1, 4);
  slow.delay = seconds(5);
  slow.wait_max = seconds(2);
  int times = 0;
  for (int second = 1; second <= 10 && times == 0; ++second) {
    take_host_turn(state, holding(1), need(1, 1, 4), kStart + seconds(second));
    times = take_host_turn(state, holding(2), slow, kStart + seconds(second)).times;
  }
  EXPECT_EQ(times, 1);
}

TEST(HostTurns, WithoutOthersNobodyIsPutBack) {
  HostState state;
  for (int second = 0; second < 20; ++second) {
    EXPECT_EQ(take_host_turn(state, holding(1), need(1, 2, 2), kStart + seconds(second)).slots, 2);
  }
}

TEST(HostTurns, TimesKeepTheirDistanceAcrossWorkers) {
  HostState state;
  HostNeed spaced = need(0, 1, 8);
  spaced.delay = milliseconds(400);
  spaced.wait_max = seconds(10);
  const HostTerms first = take_host_turn(state, holding(1), spaced, kStart);
  EXPECT_EQ(first.times, 2) << "as many as fit into a window";
  EXPECT_EQ(first.wait, Duration(0));
  const HostTerms second = take_host_turn(state, holding(2), spaced, kStart);
  EXPECT_EQ(second.wait, milliseconds(800));
  EXPECT_EQ(second.times, 2);
}

TEST(HostTurns, ATimeThatIsTooFarIsNotTaken) {
  HostState state;
  HostNeed spaced = need(0, 1, 8);
  spaced.delay = minutes(1);
  spaced.wait_max = seconds(10);
  EXPECT_EQ(take_host_turn(state, holding(1), spaced, kStart).times, 1);
  const HostTerms later = take_host_turn(state, holding(2), spaced, kStart);
  EXPECT_EQ(later.times, 0);
  EXPECT_EQ(later.wait, minutes(1));
  EXPECT_EQ(take_host_turn(state, holding(2), spaced, kStart + minutes(1)).times, 1);
}

TEST(HostTurns, RetryAfterIsForAll) {
  HostState state;
  HostNeed refused = need(0, 1, 8);
  refused.leave_alone = minutes(2);
  take_host_turn(state, holding(1), refused, kStart);
  const HostTerms other = take_host_turn(state, holding(2), need(0, 1, 8), kStart + minutes(1));
  EXPECT_EQ(other.alone, minutes(1));
  EXPECT_EQ(other.slots, 0);
  EXPECT_FALSE(other.is_spent);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 8), kStart + minutes(2)).slots, 1);
  refused.leave_alone = std::chrono::hours(20);
  EXPECT_EQ(take_host_turn(state, holding(1), refused, kStart).alone, kHostAloneMax);
}

TEST(HostTurns, ABudgetOfFailuresIsUsedUpAndComesBack) {
  HostState state;
  HostNeed failed = need(0, 1, 8);
  failed.failures = 1;
  for (int i = 0; i < kHostFailuresMax; ++i) {
    EXPECT_EQ(take_host_turn(state, holding(1), failed, kStart).alone, Duration(0)) << i;
  }
  const HostTerms spent = take_host_turn(state, holding(1), failed, kStart);
  EXPECT_EQ(spent.alone, kHostRefill);
  EXPECT_TRUE(spent.is_spent);
  EXPECT_EQ(take_host_turn(state, holding(2), need(0, 1, 8), kStart + kHostRefill).slots, 1);
  failed.failures = 1'000'000;
  EXPECT_LE(take_host_turn(state, holding(1), failed, kStart).alone,
            kHostFailuresMax * kHostRefill);
}

TEST(HostTurns, AClockThatIsSetBackLocksNobodyOut) {
  HostState state;
  HostNeed spaced = need(0, 1, 1);
  spaced.delay = seconds(1);
  spaced.leave_alone = minutes(1);
  take_host_turn(state, holding(1), spaced, kStart);
  spaced.leave_alone = Duration(0);
  const Time earlier = kStart - std::chrono::hours(24 * 365);
  EXPECT_LE(take_host_turn(state, holding(2), spaced, earlier).alone, kHostAloneMax);
  EXPECT_EQ(take_host_turn(state, holding(2), spaced, earlier + kHostAloneMax).times, 1);
}

TEST(HostTurns, TimesThatWereGivenByAClockThatIsSetBackAreNotWaitedFor) {
  HostState state;
  HostNeed spaced = need(0, 1, 8);
  spaced.delay = seconds(1);
  spaced.wait_max = seconds(10);
  EXPECT_EQ(take_host_turn(state, holding(1), spaced, kStart).times, 1);
  const HostTerms after = take_host_turn(state, holding(2), spaced, kStart - std::chrono::hours(1));
  EXPECT_EQ(after.wait, seconds(1));
  EXPECT_EQ(after.times, 1);
}

TEST(HostTurns, AStateIsReadAsItWasWritten) {
  HostState state;
  HostNeed spaced = need(0, 2, 2);
  spaced.delay = seconds(1);
  spaced.failures = 3;
  spaced.leave_alone = seconds(1);
  take_host_turn(state, holding(1), spaced, kStart);
  take_host_turn(state, holding(2), need(1, 2, 2), kStart + seconds(3));
  const std::string text = host_state_text(state);
  EXPECT_EQ(host_state_text(read_host_state(text)), text);
  EXPECT_EQ(read_host_state(text).holders.size(), 2u);
  EXPECT_EQ(host_state_text(read_host_state("no JSON")), host_state_text({}));
  EXPECT_EQ(host_state_text(read_host_state(R"({"holders":[7,{"id":"x"}],"last_at":"y"})")),
            host_state_text({}));
  EXPECT_GE(host_state_until(state), kStart + seconds(13));
}

TEST(HostTurns, NeedsOutOfBoundsAreNone) {
  EXPECT_TRUE(is_host_need(need(0, 1, 1)));
  EXPECT_FALSE(is_host_need(need(0, 1, 0)));
  EXPECT_FALSE(is_host_need(need(-1, 1, 1)));
  EXPECT_FALSE(is_host_need(need(0, kHostSlotsMax + 1, 1)));
  HostNeed odd = need(0, 1, 1);
  odd.delay = Duration(-1);
  EXPECT_FALSE(is_host_need(odd));
  odd = need(0, 1, 1);
  odd.host = std::string(kHostNameBytesMax + 1, 'x');
  EXPECT_FALSE(is_host_need(odd));
  odd.host = "\xff";
  EXPECT_FALSE(is_host_need(odd));
}

/// Workers that begin requests as they may, end them after some time, and sometimes die.
class Workers {
 public:
  explicit Workers(std::uint64_t seed) : chance_(seed), most_(1 + static_cast<int>(seed % 3)) {}

  void run() {
    for (int step = 0; step < 2000; ++step) {
      now_ += milliseconds(100);
      for (auto& [number, worker] : workers_) turn(number, worker);
      int running = 0;
      for (const auto& [number, worker] : workers_) running += worker.running;
      ASSERT_LE(running, most_) << "at step " << step;
    }
    for (const auto& [number, worker] : workers_) {
      EXPECT_GT(worker.begun, 20) << "worker " << int(number) << " has starved";
    }
  }

 private:
  struct Worker {
    int running = 0;
    int begun = 0;
    int allowed = 0;
  };
  int pick(int below) { return static_cast<int>(chance_() % static_cast<unsigned>(below)); }
  void turn(std::uint8_t number, Worker& worker) {
    if (worker.running > 0 && pick(3) == 0) --worker.running;
    if (pick(200) == 0) {  // killed: its requests end with it, the ledger does not hear of it
      worker.running = worker.allowed = 0;
      return;
    }
    if (pick(4) == 0) {
      const HostNeed asked = need(worker.running, worker.running + pick(3) + 1, most_);
      worker.allowed = take_host_turn(state_, holding(number, seconds(2)), asked, now_).slots;
    }
    // It may also do nothing for a while, but not longer than its lease.
    if (worker.running < worker.allowed) {
      ++worker.running;
      ++worker.begun;
      const HostNeed renewed = need(worker.running, worker.running, most_);
      worker.allowed = take_host_turn(state_, holding(number, seconds(2)), renewed, now_).slots;
    } else if (worker.running > 0) {
      const HostNeed renewed = need(worker.running, worker.running + 1, most_);
      worker.allowed = take_host_turn(state_, holding(number, seconds(2)), renewed, now_).slots;
    }
  }

  std::mt19937_64 chance_;
  const int most_;
  Time now_ = kStart;
  HostState state_;
  std::map<std::uint8_t, Worker> workers_{{1, {}}, {2, {}}, {3, {}}, {4, {}}, {5, {}}};
};

TEST(HostTurns, NeverMoreThanTheLimitAndNobodyStarves) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Workers(seed).run();
  }
}

}  // namespace
}  // namespace waybill
