#include "base/ascii.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(Ascii, ChangesTheCaseOfLettersAlone) {
  EXPECT_EQ(to_lower("X-Amz@[`{09"), "x-amz@[`{09");
  EXPECT_EQ(to_lower("\u00c4"), "\u00c4") << "what is not ASCII stays";
  EXPECT_EQ(to_lower('Z'), 'z');
  EXPECT_EQ(to_upper('a'), 'A');
  EXPECT_EQ(to_upper('{'), '{');
}

}  // namespace
}  // namespace waybill
