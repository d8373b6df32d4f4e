#include "core/size.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(SizeTest, ReadsBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_size("0").value(), 0);
  EXPECT_EQ(parse_size("4096").value(), 4096);
  EXPECT_EQ(parse_size("256MiB").value(), 256 << 20);
  EXPECT_EQ(parse_size("1.5KiB").value(), 1536);
  EXPECT_EQ(parse_size("2TB").value(), 2'000'000'000'000);
}

TEST(SizeTest, RefusesWhatIsNoSize) {
  for (const char* text : {"", "MiB", "-1", "1 MiB", "10M", "1.2.3KiB", "99999999TiB", "1e3"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(SizeTest, WritesTheLargestUnit) {
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(1023), "1023B");
  EXPECT_EQ(format_size(1024), "1KiB");
  EXPECT_EQ(format_size(1536), "1.5KiB");
  EXPECT_EQ(format_size(256 << 20), "256MiB");
}

}  // namespace
}  // namespace waybill
