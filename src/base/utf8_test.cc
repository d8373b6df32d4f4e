#include "base/utf8.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(EscapeUtf8, LeavesUtf8AsItIs) {
  EXPECT_EQ(escape_utf8(""), "");
  EXPECT_EQ(escape_utf8("k\\xff/\u00e4"), "k\\xff/\u00e4");
}

TEST(EscapeUtf8, WritesWhatIsNoneAsBytes) {
  EXPECT_EQ(escape_utf8("k\xff/\u00e4"), "k\\xff/\u00e4");
  EXPECT_EQ(escape_utf8("\xc3"), "\\xc3");
  EXPECT_EQ(escape_utf8("a\\\x80"), "a\\\\\\x80");
  EXPECT_TRUE(is_utf8(escape_utf8("\xed\xa0\x80")));
}

TEST(Utf8Prefix, CutsBetweenCharacters) {
  EXPECT_EQ(utf8_prefix("abc", 2), "ab");
  EXPECT_EQ(utf8_prefix("abc", 9), "abc");
  EXPECT_EQ(utf8_prefix("a\u00e4b", 2), "a");
  EXPECT_EQ(utf8_prefix("a\u00e4b", 3), "a\u00e4");
  EXPECT_EQ(utf8_prefix("\u00e4", 1), "");
}

TEST(Utf8, IsMendedByteByByte) {
  EXPECT_EQ(mend_utf8("caf\xc3\xa9"), "caf\xc3\xa9");
  EXPECT_EQ(mend_utf8("a\xff\xc3z"), "a\xef\xbf\xbd\xef\xbf\xbdz");
  EXPECT_TRUE(is_utf8(mend_utf8("\x80\xed\xa0\x80\xf0\x9f")));
}

}  // namespace
}  // namespace waybill
