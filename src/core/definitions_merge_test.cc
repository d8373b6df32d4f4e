#include "core/definitions_merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace waybill {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Key;
using testing::SizeIs;
using testing::UnorderedElementsAre;

ReadFile file(const std::string& name, const std::string& commit, std::string json) {
  return {.document = {.file = "/r@" + commit + ":" + name,
                       .directory = "/trees/" + commit,
                       .json = std::move(json),
                       .origin = GitOrigin{"/r", commit, name}},
          .problems = {}};
}

const std::string kGood = R"({"tasks": {"a": {"kind": "noop"}}})";
const std::string kWrong = R"({"tasks": {"a": {"kind": "noop", "pri": 1}}})";

MergedDefinitions merge(const SourceFiles& source, const std::vector<Document>& own = {}) {
  return merge_definitions(own, {{source}}, {});
}

TEST(DefinitionsMergeTest, WhatIsRightHoldsAndSaysWhereItComesFrom) {
  SourceFiles source;
  source.latest["x.yaml"] = file("x.yaml", "c2", kGood);
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.problems, IsEmpty());
  EXPECT_THAT(merged.choices[0].problems, IsEmpty());
  EXPECT_EQ(merged.choices[0].files.at("x.yaml").commit, "c2");
  const Labels expected = {
      {"definition.repository", "/r"}, {"definition.commit", "c2"}, {"definition.file", "x.yaml"}};
  EXPECT_EQ(merged.definitions.tasks.at("a").labels, expected);
  EXPECT_EQ(merged.definitions.place_of("tasks", "a")->origin->commit, "c2");
  EXPECT_EQ(merged.definitions.place_of("tasks", "b"), nullptr);
}

TEST(DefinitionsMergeTest, AFileThatIsWrongNowHoldsAsItWasBeforeAndTakesNoOtherDown) {
  SourceFiles source;
  source.latest["x.yaml"] = file("x.yaml", "c2", kWrong);
  source.latest["y.yaml"] = file("y.yaml", "c2", R"({"tasks": {"b": {"kind": "noop"}}})");
  source.before["x.yaml"] = file("x.yaml", "c1", kGood);
  source.before["y.yaml"] = file("y.yaml", "c1", R"({"tasks": {"old": {"kind": "noop"}}})");
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.definitions.tasks, UnorderedElementsAre(Key("a"), Key("b")));
  EXPECT_EQ(merged.choices[0].files.at("x.yaml").commit, "c1");
  EXPECT_EQ(merged.choices[0].files.at("y.yaml").commit, "c2");
  ASSERT_THAT(merged.choices[0].problems, SizeIs(1));
  EXPECT_THAT(to_string(merged.choices[0].problems[0]), HasSubstr("/r@c2:x.yaml: /tasks/a/pri"));
}

TEST(DefinitionsMergeTest, ANewFileTakesNoNameFromOneThatHeldBefore) {
  const std::string ruled =
      R"({"tasks": {"a": {"kind": "noop"}}, "queues": {"q": {"who_may": {"people": ["ann"]}}}})";
  SourceFiles source;
  source.before["z.yaml"] = file("z.yaml", "c1", ruled);
  source.latest["z.yaml"] = file("z.yaml", "c2", ruled);
  source.latest["a.yaml"] = file("a.yaml", "c2", kGood);
  const MergedDefinitions merged = merge(source);
  EXPECT_EQ(merged.definitions.tasks.at("a").labels[2].second, "z.yaml");
  EXPECT_THAT(merged.definitions.queue_rules, UnorderedElementsAre(Key("q")));
  EXPECT_THAT(merged.choices[0].files, UnorderedElementsAre(Key("z.yaml")));
  ASSERT_THAT(merged.choices[0].problems, SizeIs(1));
  EXPECT_THAT(to_string(merged.choices[0].problems[0]), HasSubstr("a.yaml"));
  // Nor does one of a source that is named before it.
  SourceFiles other;
  other.latest["b.yaml"] = file("b.yaml", "d1", kGood);
  source.latest.erase("a.yaml");
  const MergedDefinitions both = merge_definitions({}, {{other, source}}, {});
  EXPECT_THAT(both.definitions.queue_rules, UnorderedElementsAre(Key("q")));
  EXPECT_THAT(both.choices[0].files, IsEmpty());
}

TEST(DefinitionsMergeTest, ANewFileTakesNoNameFromOneThatHeldAndIsChanged) {
  SourceFiles source;
  source.before["z.yaml"] = file("z.yaml", "c1", kGood);
  source.latest["z.yaml"] =
      file("z.yaml", "c2", R"({"tasks": {"a": {"kind": "noop", "priority": 1}}})");
  source.latest["a.yaml"] = file("a.yaml", "c2", kGood);
  const MergedDefinitions merged = merge(source);
  EXPECT_EQ(merged.definitions.place_of("tasks", "a")->origin->path, "z.yaml");
  EXPECT_EQ(merged.choices[0].files.at("z.yaml").commit, "c2");
}

TEST(DefinitionsMergeTest, AFileThatWasNeverRightIsLeftOut) {
  SourceFiles source;
  source.latest["x.yaml"] = file("x.yaml", "c1", kWrong);
  source.latest["y.yaml"] = file("y.yaml", "c1", R"({"tasks": {"b": {"kind": "noop"}}})");
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.definitions.tasks, UnorderedElementsAre(Key("b")));
  EXPECT_THAT(merged.choices[0].files, UnorderedElementsAre(Key("y.yaml")));
}

TEST(DefinitionsMergeTest, WhatLeansOnABrokenFileIsBrokenToo) {
  SourceFiles source;
  source.latest["task.yaml"] = file("task.yaml", "c1", "{\"tasks\": 3}");
  source.latest["when.yaml"] =
      file("when.yaml", "c1", R"({"schedules": {"n": {"cron": "@daily", "task": "a"}}})");
  source.latest["other.yaml"] = file("other.yaml", "c1", R"({"tasks": {"b": {"kind": "noop"}}})");
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.definitions.schedules, IsEmpty());
  EXPECT_THAT(merged.choices[0].files, UnorderedElementsAre(Key("other.yaml")));
  EXPECT_THAT(merged.choices[0].problems, SizeIs(2));
}

TEST(DefinitionsMergeTest, AFileThatIsGoneIsGone) {
  SourceFiles source;
  source.before["x.yaml"] = file("x.yaml", "c1", kGood);
  EXPECT_THAT(merge(source).definitions.tasks, IsEmpty());
}

TEST(DefinitionsMergeTest, BadSyntaxIsToldAsItWasRead) {
  SourceFiles source;
  source.latest["x.yaml"] = file("x.yaml", "c2", "null");
  source.latest["x.yaml"].problems = {
      {.file = "/r@c2:x.yaml", .at = {3, 4}, .message = "not YAML: no"}};
  source.before["x.yaml"] = file("x.yaml", "c1", kGood);
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.definitions.tasks, UnorderedElementsAre(Key("a")));
  ASSERT_THAT(merged.choices[0].problems, SizeIs(1));
  EXPECT_EQ(to_string(merged.choices[0].problems[0]), "/r@c2:x.yaml:3:4: not YAML: no");
}

TEST(DefinitionsMergeTest, EarlierOnesHaveTheSayAboutAName) {
  SourceFiles first;
  first.latest["x.yaml"] = file("x.yaml", "c1", kGood);
  SourceFiles second;
  second.latest["z.yaml"] = file("z.yaml", "c9", kGood);
  const MergedDefinitions merged = merge_definitions({}, {{first, second}}, {});
  EXPECT_EQ(merged.definitions.place_of("tasks", "a")->origin->path, "x.yaml");
  EXPECT_THAT(merged.choices[0].problems, IsEmpty());
  ASSERT_THAT(merged.choices[1].problems, SizeIs(1));
  EXPECT_THAT(merged.choices[1].problems[0].message, HasSubstr("\"a\" is defined twice"));

  const Document own{.file = "own.yaml", .directory = "/own", .json = kGood};
  const MergedDefinitions with_own = merge(first, {own});
  EXPECT_EQ(with_own.definitions.place_of("tasks", "a")->file, "own.yaml");
  EXPECT_THAT(with_own.choices[0].files, IsEmpty());
  EXPECT_THAT(with_own.choices[0].problems, SizeIs(1));
}

TEST(DefinitionsMergeTest, WhatIsWrongInFilesOfOnesOwnIsNobodyElsesFault) {
  SourceFiles source;
  source.latest["x.yaml"] = file("x.yaml", "c1", kGood);
  const Document own{.file = "own.yaml", .directory = "/own", .json = R"({"tasks": 3})"};
  const MergedDefinitions merged = merge(source, {own});
  EXPECT_THAT(merged.problems, SizeIs(1));
  EXPECT_THAT(merged.choices[0].problems, IsEmpty());
}

TEST(DefinitionsMergeTest, NobodyClaimsToComeFromElsewhere) {
  SourceFiles source;
  source.latest["x.yaml"] =
      file("x.yaml", "c1",
           R"({"tasks": {"a": {"kind": "noop", "labels": {"definition.commit": "c0"}}}})");
  const MergedDefinitions merged = merge(source);
  EXPECT_THAT(merged.definitions.tasks, IsEmpty());
  ASSERT_THAT(merged.choices[0].problems, SizeIs(1));
  EXPECT_THAT(merged.choices[0].problems[0].message, HasSubstr("the program's own"));
}

TEST(DefinitionsMergeTest, StepsSayOfWhichPipelineTheyAre) {
  SourceFiles source;
  source.latest["p.yaml"] = file("p.yaml", "c1", R"({"pipelines": {"p": {"steps": {
      "one": {"task": {"kind": "noop"}}}}}})");
  const MergedDefinitions merged = merge(source);
  ASSERT_THAT(merged.choices[0].problems, IsEmpty());
  const auto& pipeline = merged.definitions.pipelines.at("p");
  EXPECT_THAT(pipeline.labels,
              Contains(std::pair<std::string, std::string>("pipeline.commit", "c1")));
  EXPECT_THAT(pipeline.steps[0].inline_task->labels,
              Contains(std::pair<std::string, std::string>("definition.file", "p.yaml")));
}

}  // namespace
}  // namespace waybill
