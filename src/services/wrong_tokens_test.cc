#include "services/wrong_tokens.h"

#include <gtest/gtest.h>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

class WrongTokensTest : public testing::Test {
 protected:
  /// Notes so many; how many of them were told to be wrong.
  int told(std::string_view address, int tries) {
    int count = 0;
    for (int i = 0; i < tries; ++i) count += wrong_.note(address) ? 0 : 1;
    return count;
  }

  SimClock clock_;
  WrongTokens wrong_{clock_, {.told_max = 3, .clients_max = 2}};
};

TEST_F(WrongTokensTest, SomeAreToldAndThenTheClientIsSentAwayForAWhile) {
  EXPECT_EQ(told("192.0.2.1", 3), 3);
  EXPECT_EQ(wrong_.note("192.0.2.1"), Duration(1min));
  clock_.advance(20s);
  EXPECT_EQ(wrong_.note("192.0.2.1"), Duration(40s)) << "what comes meanwhile makes it no longer";
  clock_.advance(40s);
  EXPECT_EQ(told("192.0.2.1", 9), 3);
  EXPECT_EQ(wrong_.refused(), 8u);
}

TEST_F(WrongTokensTest, WhoIsWrongNowAndThenIsToldSoForEver) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(wrong_.note("192.0.2.1"), std::nullopt) << i;
    clock_.advance(20s);
  }
}

TEST_F(WrongTokensTest, ANetworkOfSixtyFourBitsIsOneClient) {
  EXPECT_EQ(told("2001:db8:0:1::1", 2), 2);
  EXPECT_EQ(told("2001:db8:0:1:ffff::2", 2), 1);
  EXPECT_EQ(told("2001:db8:0:2::1", 2), 2);
  EXPECT_EQ(network_of("2001:db8:0:1:ffff::2"), "2001:db8:0:1::/64");
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(network_of("no address"), "no address");
}

TEST_F(WrongTokensTest, ForgetsWhomItHeardOfLongestAgoRatherThanGrow) {
  for (int i = 0; i < 100; ++i) wrong_.note("192.0.2." + std::to_string(i));
  EXPECT_EQ(wrong_.clients(), 2u);
  EXPECT_EQ(told("192.0.2.99", 9), 2) << "of the last one it knows";
}

}  // namespace
}  // namespace waybill
