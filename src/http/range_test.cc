#include "http/range.h"

#include <gtest/gtest.h>

#include <string>

namespace waybill::http {
namespace {

/// "first+size" of what a header asks of ten bytes, "whole" or "outside".
std::string of_ten(std::string_view header) {
  const auto range = read_range(header, 10);
  if (!range) return "outside";
  if (range->is_whole) return "whole";
  return std::to_string(range->first) + "+" + std::to_string(range->size_bytes);
}

TEST(Range, OneRangeOfBytesIsRead) {
  EXPECT_EQ(of_ten("bytes=0-0"), "0+1");
  EXPECT_EQ(of_ten("bytes=3-5"), "3+3");
  EXPECT_EQ(of_ten("Bytes=3-"), "3+7");
  EXPECT_EQ(of_ten("bytes=3-99"), "3+7");
  EXPECT_EQ(of_ten("bytes=-3"), "7+3");
  EXPECT_EQ(of_ten("bytes=-99"), "0+10");
}

TEST(Range, OneThatLiesOutsideIsTold) {
  EXPECT_EQ(of_ten("bytes=10-"), "outside");
  EXPECT_EQ(of_ten("bytes=-0"), "outside");
  EXPECT_FALSE(read_range("bytes=0-", 0));
  EXPECT_FALSE(read_range("bytes=-1", 0));
}

TEST(Range, WhatIsNoneIsPassedOver) {
  for (const char* header :
       {"", "bytes", "bytes=", "bytes=-", "bytes=5-3", "bytes=a-b", "bytes=0-1,3-4", "lines=0-1",
        "bytes= 0-1", "bytes=0x1-2", "bytes=+1-2", "bytes=1--2",
        "bytes=99999999999999999999-99999999999999999999"}) {
    EXPECT_EQ(of_ten(header), "whole") << header;
  }
}

}  // namespace
}  // namespace waybill::http
