#include "base/relative_path.h"

#include <gtest/gtest.h>

namespace waybill {
namespace {

TEST(RelativePathTest, WhatLeadsOutOfADirectoryIsTold) {
  for (const char* path : {"a", "a/b", "a/..b", "..a", "a/b..", "a//b", "./a", "..."}) {
    EXPECT_TRUE(stays_below(path)) << path;
  }
  for (const char* path : {"", "/a", "..", "../a", "a/..", "a/../b", "./.."}) {
    EXPECT_FALSE(stays_below(path)) << path;
  }
  EXPECT_FALSE(stays_below(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace waybill
