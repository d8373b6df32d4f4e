// Every checker has mistakes that it is seen to catch.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/log.h"
#include "tests/sim/mutants.h"
#include "tests/sim/world.h"

namespace waybill::sim {
namespace {

/// A mistake has to be found within this many seeds, ten of each scenario.
constexpr std::uint64_t kSeedsMax = 60;

class PlantedFault : public ::testing::TestWithParam<Plant> {
 protected:
  void SetUp() override { log::configure(log::Level::off, log::Format::human); }
};

TEST_P(PlantedFault, IsCaughtByTheInvariantThatItBreaks) {
  for (std::uint64_t seed = 1; seed <= kSeedsMax; ++seed) {
    const Played played = play(seed, GetParam());
    if (!played.violation) continue;
    EXPECT_EQ(to_string(played.violation->invariant), to_string(GetParam().caught_by))
        << to_line(played);
    EXPECT_THAT(played.violation->what, ::testing::HasSubstr(GetParam().says));
    const std::string line = to_line(played);
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    EXPECT_EQ(to_line(play(seed, GetParam())), line) << "played again";
    RecordProperty("seeds", std::to_string(seed));
    return;
  }
  FAIL() << GetParam().name << " was not caught within " << kSeedsMax << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, PlantedFault, ::testing::ValuesIn(plants()),
                         [](const auto& plant) { return plant.param.name; });

TEST(PlantedFaults, BreakEveryInvariantAtLeastOnce) {
  std::set<Invariant> broken;
  for (const Plant& plant : plants()) broken.insert(plant.caught_by);
  EXPECT_EQ(broken.size(), static_cast<std::size_t>(kInvariantCount));
}

}  // namespace
}  // namespace waybill::sim
