#include "core/name_sample.h"

#include <gtest/gtest.h>

#include <vector>

namespace waybill {
namespace {

std::string name_of(std::size_t number) {
  const std::string digits = std::to_string(number);
  return std::string(6 - digits.size(), '0') + digits;
}

TEST(NameSample, KeepsTheSmallestAndCountsAllInWhateverOrderTheyCome) {
  constexpr std::size_t kNames = 3 * NameSample::kKeptMax;
  NameSample up;
  NameSample down;
  for (std::size_t i = 0; i < kNames; ++i) {
    up.add(name_of(i), 0);
    down.add(name_of(kNames - 1 - i), 0);
  }
  EXPECT_EQ(up.kept().size(), NameSample::kKeptMax);
  EXPECT_EQ(up.kept(), down.kept());
  EXPECT_EQ(up.kept().rbegin()->text, name_of(NameSample::kKeptMax - 1));
  EXPECT_EQ(up.count(), static_cast<std::int64_t>(kNames));
  EXPECT_EQ(down.count(), static_cast<std::int64_t>(kNames));
}

TEST(NameSample, CountsANameOnceForEachOfItsOwners) {
  NameSample sample;
  sample.add("a", 0);
  sample.add("a", 0);
  sample.add("a", 1);
  EXPECT_EQ(sample.count(), 2);
  EXPECT_EQ(sample.kept().size(), 2u);
}

}  // namespace
}  // namespace waybill
