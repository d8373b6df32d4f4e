#include "adapters/local/system_random.h"

#include <gtest/gtest.h>

#include <set>

namespace waybill {
namespace {

TEST(SystemRandomTest, GivesAsManyBytesAsAreAskedFor) {
  for (const std::size_t count : {0, 1, 36, 1'000'000}) {
    EXPECT_EQ(system_random_bytes(count).size(), count);
  }
}

TEST(SystemRandomTest, NeverGivesTheSameTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(system_random_bytes(36)).second);
}

TEST(SystemRandomTest, FillsAllThatItGives) {
  // Of a thousand random bytes at the end, some are not zero.
  const std::string bytes = system_random_bytes(100'000);
  EXPECT_NE(bytes.substr(99'000), std::string(1000, '\0'));
}

}  // namespace
}  // namespace waybill
