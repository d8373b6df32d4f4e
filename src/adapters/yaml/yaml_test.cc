#include "adapters/yaml/yaml.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace waybill::yaml {
namespace {

std::string json_of(std::string_view text) {
  const Reading reading = read("a.yaml", text);
  EXPECT_TRUE(reading.problems.empty())
      << (reading.problems.empty() ? "" : to_string(reading.problems[0]));
  return reading.document.json;
}

std::vector<std::string> problems_of(std::string_view text) {
  std::vector<std::string> result;
  for (const Problem& problem : read("a.yaml", text).problems) {
    result.push_back(to_string(problem));
  }
  return result;
}

using Problems = std::vector<std::string>;

TEST(YamlTest, ReadsMapsListsAndScalarsOfTheCoreSchema) {
  EXPECT_EQ(json_of("a: 1\nb: [x, 'y', \"z\"]\nc: {d: null, e: ~, f: true}\n"),
            R"({"a":1,"b":["x","y","z"],"c":{"d":null,"e":null,"f":true}})");
}

TEST(YamlTest, AnEmptyTextIsNull) {
  EXPECT_EQ(json_of(""), "null");
  EXPECT_EQ(json_of("# only a comment\n"), "null");
}

TEST(YamlTest, WordsThatOlderYamlTookForBooleansStayText) {
  EXPECT_EQ(json_of("[yes, no, on, off, y, n, NO]"), R"(["yes","no","on","off","y","n","NO"])");
}

TEST(YamlTest, QuotedScalarsAreText) {
  EXPECT_EQ(json_of(R"(["1", 'true', "null", !!str 7])"), R"(["1","true","null","7"])");
}

TEST(YamlTest, NumbersKeepTheirKind) {
  EXPECT_EQ(json_of("[0, -7, +7, 010, 0x1F, 0o17, 18446744073709551615, -9223372036854775808]"),
            "[0,-7,7,10,31,15,18446744073709551615,-9223372036854775808]");
  EXPECT_EQ(json_of("[1.5, .5, -2e3, 1:30, 1_000]"), R"([1.5E0,5E-1,-2E3,"1:30","1_000"])");
}

TEST(YamlTest, RefusesNumbersThatJsonHasNot) {
  EXPECT_EQ(problems_of("a: .inf\nb: 18446744073709551616\n"),
            (Problems{"a.yaml:1:4: .inf is no number that can be stored; quote it if it is text",
                      "a.yaml:2:4: the number 18446744073709551616 is too big; quote it if it is "
                      "text"}));
}

TEST(YamlTest, KnowsWhereEveryKeyAndValueStands) {
  const Document document = read("a.yaml", "tasks:\n  x/y:\n    kind: [command]\n").document;
  EXPECT_EQ(document.value_at("/tasks/x~1y/kind"), (Position{3, 11}));
  EXPECT_EQ(document.value_at("/tasks/x~1y/kind/0"), (Position{3, 12}));
  EXPECT_EQ(document.key_at("/tasks/x~1y"), (Position{2, 3}));
  EXPECT_EQ(document.value_at("/tasks/x~1y/missing/deep"), (Position{3, 5}));
}

TEST(YamlTest, RefusesDuplicateKeysWithBothPlaces) {
  EXPECT_EQ(problems_of("a: 1\nb:\n  c: 1\n  c: 2\na: 3\n"),
            (Problems{"a.yaml:4:3: \"c\" is here twice; the first is on line 3",
                      "a.yaml:5:1: \"a\" is here twice; the first is on line 1"}));
}

TEST(YamlTest, RefusesMergeKeysAndKeysThatAreNoWords) {
  EXPECT_EQ(problems_of("a: &x {b: 1}\nc:\n  <<: *x\n? [1]\n: 2\n"),
            (Problems{"a.yaml:3:3: merge keys (<<) are not supported; write the values out",
                      "a.yaml:4:3: a key has to be a word, not a map or a list"}));
}

TEST(YamlTest, RefusesTags) {
  EXPECT_EQ(problems_of("a: !!binary aGk=\n"),
            (Problems{"a.yaml:1:4: the tag tag:yaml.org,2002:binary is not supported; leave it "
                      "out"}));
}

TEST(YamlTest, FollowsAliases) {
  EXPECT_EQ(json_of("a: &x {b: 1}\nc: *x\n"), R"({"a":{"b":1},"c":{"b":1}})");
}

TEST(YamlTest, StopsAliasesThatMultiply) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'h'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [";
    for (int i = 0; i < 10; ++i) bomb += std::string(i ? "," : "") + "*" + char(c - 1);
    bomb += "]\n";
  }
  const Problems problems = problems_of(bomb);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].find("more than 100000 values"), std::string::npos) << problems[0];
}

TEST(YamlTest, StopsDeepNesting) {
  const Problems problems = problems_of(std::string(70, '[') + std::string(70, ']'));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0], "a.yaml:1:66: nested more than 64 levels deep");
  EXPECT_EQ(problems_of(std::string(100'000, '[')).size(), 1U);
}

TEST(YamlTest, SyntaxErrorsSayWhere) {
  EXPECT_EQ(problems_of("a: 1\nb: [1, 2\nc: 3\n").size(), 1U);
  EXPECT_TRUE(problems_of("a: 1\nb: [1, 2\nc: 3\n")[0].starts_with("a.yaml:"));
  EXPECT_EQ(problems_of("a: *nobody\n").size(), 1U);
}

TEST(YamlTest, RefusesASecondDocument) {
  const Problems problems = problems_of("a: 1\n---\nb: 2\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_TRUE(problems[0].starts_with("a.yaml:2:1: a second document begins here")) << problems[0];
}

TEST(YamlTest, ABracketThatBelongsToNothingIsOneProblem) {
  EXPECT_EQ(problems_of(",x]\nb: 1\n").size(), 1U);
  EXPECT_EQ(problems_of("]").size(), 1U);
  EXPECT_EQ(problems_of("}").size(), 1U);
}

TEST(YamlTest, AFileThatIsNotThereIsNotFound) {
  const auto reading = read_file("/nonexistent/a.yaml");
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Code::not_found);
  EXPECT_EQ(reading.error().message, "reading /nonexistent/a.yaml: No such file or directory");
}

TEST(YamlTest, ADirectoryIsNoFile) {
  const auto reading = read_file("/");
  ASSERT_FALSE(reading);
  EXPECT_EQ(reading.error().code, Code::failed_precondition);
  EXPECT_EQ(reading.error().message, "reading /: it is a directory; a file is expected");
}

TEST(YamlTest, BoundsWhatAliasesAndLongKeysMultiply) {
  std::string aliases = "big: &b \"" + std::string(1 << 20, 'x') + "\"\nl: [";
  for (int i = 0; i < 1'000; ++i) aliases += "*b, ";
  const auto problems = problems_of(aliases + "*b]\n");
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].find("a.yaml:1:6:"), 0U) << problems[0];
  EXPECT_NE(problems[0].find("bytes of text; look for an alias"), std::string::npos) << problems[0];

  std::string zeros = "? " + std::string(100'000, 'k') + "\n: [0";
  for (int i = 1; i < 60'000; ++i) zeros += ",0";
  EXPECT_EQ(problems_of(zeros + "]\n").size(), 1U);
}

TEST(YamlTest, WhatIsNotUtf8HasItsPlace) {
  EXPECT_EQ(problems_of("a: 1\nb: \xc3\xa9 \xff\n"),
            (Problems{"a.yaml:2:6: not UTF-8 from here on; save the file as UTF-8"}));
  EXPECT_EQ(problems_of(std::string("\xff\xfe") + "a\0"),
            (Problems{"a.yaml:1:1: not UTF-8 from here on; save the file as UTF-8"}));
  EXPECT_EQ(problems_of("\xef\xbb\xbf"
                        "a: \xc3\xa9\n"),
            Problems{});
}

}  // namespace
}  // namespace waybill::yaml
