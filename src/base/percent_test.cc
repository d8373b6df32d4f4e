#include "base/percent.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace waybill {
namespace {

TEST(Percent, KeepsTheUnreservedAndWhatIsAskedFor) {
  EXPECT_EQ(to_percent("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(to_percent("a/b c+\xc3\xa9"), "a%2Fb%20c%2B%C3%A9");
  EXPECT_EQ(to_percent("a/b c", "/"), "a/b%20c");
  EXPECT_EQ(to_percent("  a "), "%20%20a%20");
  EXPECT_EQ(to_percent(""), "");
}

TEST(Percent, ReadsWhatItWrote) {
  EXPECT_TRUE(rc::check(
      [](const std::string& bytes) { RC_ASSERT(from_percent(to_percent(bytes)) == bytes); }));
  EXPECT_EQ(from_percent("a+b%2f"), "a+b/");
  EXPECT_EQ(from_percent("%20%61b%00"), std::string(" ab\0", 4));
  EXPECT_EQ(from_percent(""), "");
}

TEST(Percent, RefusesAPercentWithoutDigits) {
  for (const char* text : {"%", "a%2", "%2g", "%-1", "%%20"}) {
    EXPECT_FALSE(from_percent(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace waybill
