#include "base/base64.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace waybill {
namespace {

TEST(Base64, WritesTheExamplesOfRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(to_base64url("\xfb\xff"), "-_8");
}

TEST(Base64, ReadsWhatItWrote) {
  EXPECT_TRUE(rc::check(
      [](const std::string& bytes) { RC_ASSERT(from_base64(to_base64(bytes)) == bytes); }));
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
  for (const std::string_view text :
       {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Z===", "====", "Zm 9", "Zm-v", "=Zm9", "Zm\n9"}) {
    EXPECT_FALSE(from_base64(text).has_value()) << text;
  }
}

TEST(Base64, OfUrlsIsReadStrictly) {
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_EQ(from_base64url(""), "");
  EXPECT_EQ(from_base64url("YWI"), "ab");
  for (const char* wrong : {"YWI=", "+/8", "Y", "YWJ", "YW I", "YW\n"}) {
    EXPECT_EQ(from_base64url(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace waybill
