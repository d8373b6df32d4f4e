#include <gtest/gtest.h>

#include "base/log.h"
#include "tests/sim/world.h"

namespace waybill::sim {
namespace {

// Under a sanitizer a seed takes ten times as long, and the simulator is one thread.
#if defined(WAYBILL_SANITIZED)
constexpr std::uint64_t kSeeds = 400;
#else
constexpr std::uint64_t kSeeds = 2000;
#endif
constexpr std::uint64_t kShards = 8;  // CTest runs them side by side

class Seeds : public ::testing::TestWithParam<std::uint64_t> {
 protected:
  void SetUp() override { log::configure(log::Level::off, log::Format::human); }
};

TEST_P(Seeds, KeepEveryInvariant) {
  for (std::uint64_t seed = 1 + GetParam(); seed <= kSeeds; seed += kShards) {
    const Played played = play(seed);
    ASSERT_FALSE(played.violation.has_value()) << to_line(played);
  }
}

INSTANTIATE_TEST_SUITE_P(Shard, Seeds, ::testing::Range<std::uint64_t>(0, kShards));

TEST(Simulation, IsTheSameUnderTheSameSeed) {
  log::configure(log::Level::off, log::Format::human);
  for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6}) {
    const Played first = play(seed);
    const Played second = play(seed);
    EXPECT_EQ(first.acts, second.acts) << "seed " << seed;
    EXPECT_EQ(first.fingerprint, second.fingerprint) << "seed " << seed;
    EXPECT_NE(first.fingerprint, play(seed + 6).fingerprint) << "the same scenario";
  }
}

TEST(Simulation, ReachesEverythingThatCanHappenToATask) {
  log::configure(log::Level::off, log::Format::human);
  std::map<Happening, std::uint64_t> happenings;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    for (const auto& [happening, count] : play(seed).happenings) happenings[happening] += count;
  }
  for (int i = 0; i <= static_cast<int>(Happening::retried); ++i) {
    EXPECT_GE(happenings[static_cast<Happening>(i)], 10u)
        << to_string(static_cast<Happening>(i)) << " is hardly ever reached";
  }
}

TEST(Simulation, GoesWrongAsItsScenarioSays) {
  log::configure(log::Level::off, log::Format::human);
  const auto all = scenarios();
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::map<std::string, std::uint64_t> troubles;
    for (std::uint64_t round = 1; round <= 5; ++round) {
      for (const auto& [what, count] : play(i + round * all.size()).troubles) {
        troubles[what] += count;
      }
    }
    const Scenario& scenario = all[i];
    const std::pair<const char*, bool> expected[] = {
        {"call failed", scenario.faults.before > 0},
        {"reply lost", scenario.faults.reply_lost > 0},
        {"call stalled", scenario.faults.stall > 0},
        {"crashed", scenario.faults.crash > 0},
        {"killed", scenario.kill_every > Duration(0)},
        {"stopped", scenario.stop_every > Duration(0)},
        {"paused", scenario.pause_every > Duration(0)},
        {"clock jumped", scenario.jump_every > Duration(0)},
        {"queue lost", scenario.queue_loss_every > Duration(0)},
        {"message doubled", scenario.broker.doubles > 0},
        {"message redelivered", scenario.broker.redelivers > 0},
        {"ack lost", scenario.broker.loses_acks > 0}};
    for (const auto& [what, is_on] : expected) {
      EXPECT_EQ(troubles[what] >= 5, is_on)
          << scenario.name << ", " << what << ": " << troubles[what] << " times";
    }
  }
}

TEST(Simulation, ReachesEveryKindOfBatch) {
  log::configure(log::Level::off, log::Format::human);
  std::map<std::string, std::uint64_t> kinds;
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    for (const auto& [kind, count] : play(seed).batches) kinds[kind] += count;
  }
  for (const char* kind :
       {"batches: incomplete", "batches: outside the window", "batches: at the edge of the window",
        "batches: owed a task", "batches: rewritten", "prio: incomplete",
        "prio: outside the window", "prio: at the edge of the window", "prio: owed an intake",
        "prio: aggregated", "prio: validated too late"}) {
    EXPECT_GE(kinds[kind], 10u) << kind << " is hardly ever reached";
  }
}

}  // namespace
}  // namespace waybill::sim
