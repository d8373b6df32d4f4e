#include "http/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace waybill::http {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Target, IsTakenApart) {
  const auto target = parse_target("/v1/tasks/a%20b?state=ready&state=leased&q=1+2%2B3&flag");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/v1/tasks/a b");
  EXPECT_THAT(target->segments, ElementsAre("v1", "tasks", "a b"));
  EXPECT_THAT(target->query, ElementsAre(Pair("state", "ready"), Pair("state", "leased"),
                                         Pair("q", "1 2+3"), Pair("flag", "")));
}

TEST(Target, KeepsASlashInASegmentApartFromThoseBetween) {
  EXPECT_THAT(parse_target("/a%2Fb/c")->segments, ElementsAre("a/b", "c"));
  EXPECT_THAT(parse_target("/a//b/")->segments, ElementsAre("a", "", "b", ""));
  EXPECT_THAT(parse_target("/")->segments, ElementsAre(""));
}

TEST(Target, LeavesDotsAlone) {
  EXPECT_THAT(parse_target("/a/../b")->segments, ElementsAre("a", "..", "b"));
  EXPECT_THAT(parse_target("/%2e%2e/b")->segments, ElementsAre("..", "b"));
}

TEST(Target, MayNameTheHost) {
  const auto target = parse_target("HTTP://localhost:8470/v1/tasks?state=ready");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "localhost:8470");
  EXPECT_THAT(target->segments, ElementsAre("v1", "tasks"));
  EXPECT_THAT(target->query, ElementsAre(Pair("state", "ready")));
  EXPECT_EQ(parse_target("http://[::1]")->path, "/");
  EXPECT_THAT(parse_target("https://a?b=c")->query, ElementsAre(Pair("b", "c")));
  EXPECT_EQ(parse_target("/http://a/b")->authority, "");
}

TEST(Target, IsRefusedWhereItIsNoText) {
  for (const char* text :
       {"", "v1", "http://", "http:///b", "http://a@b/c", "ftp://a/b", "/a b", "/%", "/%zz", "/%00",
        "/a%0ab", "/%ff", "/a?%", "/a?b=%0d", "/a?%80=1", "*"}) {
    const auto target = parse_target(text);
    ASSERT_FALSE(target) << text;
    EXPECT_EQ(target.error().code, Code::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace waybill::http
