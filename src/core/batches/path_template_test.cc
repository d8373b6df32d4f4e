#include "core/batches/path_template.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace waybill::batches {
namespace {

constexpr std::string_view kFull = "{source}/{yyyy}/{MM}/{dd}/{HH}/{mm}/{batch}.{part}";

PathTemplate compiled(std::string_view path, std::vector<std::string> parts) {
  auto result = PathTemplate::compile(path, std::move(parts));
  EXPECT_TRUE(result) << (result ? "" : result.error().message);
  return *result;
}

std::string error_of(std::string_view path, std::vector<std::string> parts = {"a"}) {
  const auto result = PathTemplate::compile(path, std::move(parts));
  EXPECT_FALSE(result) << path;
  return result ? "" : result.error().message;
}

TEST(PathTemplate, ReadsEveryFieldOfAKey) {
  const auto path = compiled(kFull, {"csv", "sig"});
  const auto match = path.match("east", "east/2026/11/22/10/07/b 1.csv");
  ASSERT_EQ(match.kind, PathMatch::Kind::part);
  EXPECT_EQ(match.time, *parse_time("2026-11-22T10:07:00Z"));
  EXPECT_EQ(match.batch, "b 1");
  EXPECT_EQ(match.part, 0u);
  EXPECT_EQ(path.precision(), Precision::minute);
}

TEST(PathTemplate, TakesTheLongestPartThatFits) {
  const auto path = compiled("{batch}.{part}", {"avro", "batch", "batch.avro"});
  EXPECT_EQ(path.match("s", "x.batch.avro").batch, "x");
  EXPECT_EQ(path.match("s", "x.batch.avro").part, 2u);
  EXPECT_EQ(path.match("s", "x.y.avro").batch, "x.y");
}

TEST(PathTemplate, MayHaveThePartBeforeTheBatchAndTextAround) {
  const auto path = compiled("in-{part}/{batch}/data", {"left", "right/lower"});
  EXPECT_EQ(path.match("s", "in-right/lower/b/data").batch, "b");
  EXPECT_EQ(path.match("s", "in-left/b/data").part, 0u);
  EXPECT_EQ(path.match("s", "in-left/b/datum").kind, PathMatch::Kind::unknown);
}

TEST(PathTemplate, TellsAnUnknownPartFromAnotherLayout) {
  const auto path = compiled(kFull, {"csv"});
  using Kind = PathMatch::Kind;
  EXPECT_EQ(path.match("s", "s/2026/11/22/10/07/b.txt").kind, Kind::unknown);
  EXPECT_EQ(path.match("s", "s/2026/11/22/10/07/").kind, Kind::unknown);
  for (const std::string_view key :
       {"s/2026/11/22/10/7/b.csv", "s/2026/13/22/10/07/b.csv", "s/2026/02/30/10/07/b.csv",
        "s/2026/11/22/24/07/b.csv", "s/2026/11/22/10/60/b.csv", "t/2026/11/22/10/07/b.csv",
        "s/2026/11/22/10/07/b/c.csv", "s/2026/11/22/10/+7/b.csv", "", "s", "\xff"}) {
    EXPECT_EQ(path.match("s", key).kind, Kind::other) << key;
  }
  EXPECT_EQ(path.match("s", "s/2026/11/22/10/07/.csv").kind, Kind::unknown) << "no batch id";
}

TEST(PathTemplate, SaysAtWhichByteWhatIsWrong) {
  const std::pair<std::string_view, std::string_view> wrong[] = {
      {"{batch.{part}", "at byte 0: unknown field {batch.{part}"},
      {"{batch}.{part", "at byte 8: '{' is never closed"},
      {"{batch}}.{part}", "at byte 7: '}' without '{'"},
      {"{batch}.{prat}", "at byte 8: unknown field {prat}"},
      {"{yyyy}/{part}", "at byte 13: {batch} is missing"},
      {"{yyyy}/{batch}", "at byte 14: {part} is missing"},
      {"{batch}{batch}.{part}", "at byte 7: {batch} is there twice"},
      {"{source}{source}{batch}.{part}", "at byte 8: {source} is there twice"},
      {"{MM}/{batch}.{part}", "at byte 0: {MM} needs {yyyy} before"},
      {"{yyyy}/{dd}/{batch}.{part}", "at byte 7: {dd} needs {MM} before"},
      {"{yyyy}/{MM}/{yyyy}/{batch}.{part}", "at byte 12: {yyyy} comes after a finer part"}};
  for (const auto& [path, message] : wrong) {
    EXPECT_NE(error_of(path).find(message), std::string::npos) << path << ": " << error_of(path);
  }
}

TEST(PathTemplate, RefusesPartsThatCannotBeToldApart) {
  EXPECT_NE(error_of("{batch}.{part}", {}).find("1 to 30"), std::string::npos);
  EXPECT_NE(error_of("{batch}.{part}", {"a", ""}).find("empty"), std::string::npos);
  EXPECT_NE(error_of("{batch}.{part}", {"a", "b", "a"}).find("'a' is there twice"),
            std::string::npos);
}

TEST(PathTemplate, NarrowsAListingAsFarAsThePathBeginsWithKnownText) {
  const Time begin = *parse_time("2026-11-22T10:07:00Z");
  const auto full = compiled("in/" + std::string(kFull), {"a"});
  EXPECT_EQ(full.prefix("east"), "in/east/");
  EXPECT_EQ(full.lower_bound("east", begin), "in/east/2026/11/22/10/07");
  const auto late = compiled("{batch}/{yyyy}.{part}", {"a"});
  EXPECT_EQ(late.prefix("east"), "");
  EXPECT_EQ(late.lower_bound("east", begin), "");
  const auto daily = compiled("d={yyyy}{MM}{dd}-{batch}.{part}", {"a"});
  EXPECT_EQ(daily.lower_bound("east", begin), "d=20261122");
}

TEST(PathTemplate, CutsTimesToThePrecisionOfThePath) {
  const Time time = *parse_time("2026-11-22T10:07:31.5Z");
  EXPECT_EQ(cut(time, Precision::none), time);
  EXPECT_EQ(cut(time, Precision::year), *parse_time("2026-01-01"));
  EXPECT_EQ(cut(time, Precision::month), *parse_time("2026-11-01"));
  EXPECT_EQ(cut(time, Precision::day), *parse_time("2026-11-22"));
  EXPECT_EQ(cut(time, Precision::hour), *parse_time("2026-11-22T10:00:00Z"));
  EXPECT_EQ(cut(time, Precision::minute), *parse_time("2026-11-22T10:07:00Z"));
}

RC_GTEST_PROP(PathTemplate, WhatItReadsItWritesBack, ()) {
  const std::vector<std::string> paths = {std::string(kFull), "{batch}.{part}",
                                          "{part}/{yyyy}{MM}-{batch}", "x{source}y{batch}z{part}",
                                          "{batch}{part}"};
  const auto path = compiled(*rc::gen::elementOf(paths), {"a", "b.a", "sig"});
  const auto text =
      rc::gen::container<std::string>(rc::gen::element('a', 'b', '.', '-', 'x', 'y', 'z', '1'));
  const std::string batch = *rc::gen::nonEmpty(text);
  const Time time =
      cut(from_micros(*rc::gen::inRange<std::int64_t>(0, 4'000'000'000'000'000)), path.precision());
  const auto part = *rc::gen::inRange<std::size_t>(0, 3);
  const std::string key = path.key("east", time, batch, part);
  const PathMatch match = path.match("east", key);
  RC_ASSERT(match.kind == PathMatch::Kind::part);
  RC_ASSERT(path.key("east", match.time, match.batch, match.part) == key);
  RC_ASSERT(key.starts_with(path.prefix("east")));
  RC_ASSERT(key > path.lower_bound("east", time));
}

}  // namespace
}  // namespace waybill::batches
