#include "core/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace waybill {
namespace {

const std::vector<std::string> kKnown = {"timeout", "retry", "queue", "labels"};

TEST(SuggestTest, NamesTheNearestKnownWord) {
  EXPECT_EQ(did_you_mean("timout", kKnown), "; did you mean \"timeout\"?");
  EXPECT_EQ(did_you_mean("rerty", kKnown), "; did you mean \"retry\"?");
  EXPECT_EQ(did_you_mean("Labels", kKnown), "; did you mean \"labels\"?");
}

TEST(SuggestTest, SaysNothingWhenNoneIsNear) {
  EXPECT_EQ(did_you_mean("memory", kKnown), "");
  EXPECT_EQ(did_you_mean("x", kKnown), "");
  EXPECT_EQ(did_you_mean(std::string(1000, 'q'), kKnown), "");
  EXPECT_EQ(did_you_mean("queue", {}), "");
}

}  // namespace
}  // namespace waybill
