#include "base/json_duplicates.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill::json {
namespace {

std::string twice(std::string_view text) {
  const auto parsed = parse(text);
  EXPECT_TRUE(parsed) << text;
  return member_twice(text, *parsed).value_or("none");
}

TEST(JsonDuplicates, AreFoundAtEveryDepth) {
  EXPECT_EQ(twice(R"({"a":1,"a":2})"), "a");
  EXPECT_EQ(twice(R"({"a":1,"b":[{"c":{"d":1 , "d" :2}}]})"), "d");
  EXPECT_EQ(twice(R"([{"a":1},{"b":1,"a":2,"b":3}])"), "b");
  EXPECT_EQ(twice(R"({"":1,"":2})"), "");
}

TEST(JsonDuplicates, AreSeenBehindEscapes) {
  EXPECT_EQ(twice(R"({"a":1,"\u0061":2})"), "a");
  EXPECT_EQ(twice(R"({"q\"\\":1,"q\"\\":2})"), R"(q"\)");
}

TEST(JsonDuplicates, AreNotSeenWhereThereAreNone) {
  for (const char* text :
       {"1", R"("a:b")", "[]", "{}", R"({"a":{"a":{"a":1}},"b":{"a":1}})", R"([{"a":1},{"a":1}])",
        R"({"a":"\":\\","b":":{\"a\":1,\"a\":1}"})", R"({"A":1,"a":2})"}) {
    EXPECT_EQ(twice(text), "none") << text;
  }
}

}  // namespace
}  // namespace waybill::json
