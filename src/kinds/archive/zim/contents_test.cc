#include "kinds/archive/zim/contents.h"

#include <gmock/gmock.h>

namespace waybill {
namespace {

using ::testing::ElementsAre;

Status take_all(ZimContents& contents, std::initializer_list<const char*> lines) {
  for (const char* line : lines) {
    if (Status taken = contents.take(line); !taken) return taken;
  }
  return {};
}

TEST(ZimContents, PathsAndSizesAreRead) {
  ZimContents contents;
  ASSERT_TRUE(take_all(contents, {"path: A/b.html", "* title:          B", "* idx:            0",
                                  "* item size:      87", "path: ...", "* title:   two", "lines",
                                  "* item size:      3"}));
  EXPECT_THAT(contents.paths(), ElementsAre("A/b.html", "..."));
  EXPECT_EQ(contents.size_bytes(), 90);
}

TEST(ZimContents, WhatLeadsOutOfItsDirectoryIsRefused) {
  for (const char* line : {"path: ../x", "path: a/../../x", "path: a/..", "path: ..",
                           "path: /etc/x", "path: ", "path: a//../x"}) {
    ZimContents contents;
    EXPECT_FALSE(contents.take(line)) << line;
  }
  ZimContents hidden;
  EXPECT_FALSE(take_all(hidden, {"path: a", "b/../../x", "* title: x"}));
  ZimContents huge;
  EXPECT_FALSE(take_all(huge, {"path: a", "* item size: 9000000000000000000"}));
}

}  // namespace
}  // namespace waybill
