// Files that pass between steps: what expressions see of them, and what a task is given.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "base/json.h"
#include "core/pipeline/inputs.h"
#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string digest(char digit) { return std::string(64, digit); }

Artifact artifact(const std::string& name, char digit, std::int64_t size = 5) {
  return {.name = name,
          .sha256 = digest(digit),
          .size_bytes = size,
          .media_type = "text/csv",
          .created_at = from_micros(1)};
}

/// The end of a task that left files.
void leave(Play& play, const std::string& path, const std::vector<Artifact>& artifacts,
           std::string result = "") {
  play.run().ended({.path = path,
                    .state = NodeState::succeeded,
                    .result = std::move(result),
                    .error = "",
                    .artifacts = to_json_text(artifacts)});
}

std::vector<std::string> inputs_in(const TaskRequest& task) {
  std::vector<std::string> names;
  const auto spec = json::parse(task.spec).value();
  const auto* inputs = spec.get_object().if_contains("inputs");
  if (inputs == nullptr) return names;
  for (const TaskInput& input : read_inputs(inputs->get_array())) {
    names.push_back(input.name + " " + input.sha256.substr(0, 1) + " " +
                    std::to_string(input.size_bytes));
  }
  return names;
}

/// Step `use` with this `inputs`, after `make`.
std::string using_inputs(const std::string& inputs, const std::string& more = "") {
  return R"({"p": {"steps": {
    "make": {"task": {"command": ["./make"]})" +
         more + R"(},
    "use": {"needs": "make", "task": {"command": ["./use"], "limits": {"inputs": "10B"}},
            "inputs": )" +
         inputs + R"(}}}})";
}

/// What becomes of `use` after `make` left these.
std::string error_of_use(const std::string& inputs, const std::vector<Artifact>& left) {
  Play play(using_inputs(inputs));
  play.step();
  leave(play, "make", left);
  play.step();
  const Record& use = play.records().at("use");
  EXPECT_EQ(use.state, NodeState::failed) << inputs;
  return use.error;
}

TEST(RunArtifactsTest, AStepIsGivenWhatAnEarlierOneLeft) {
  Play play(using_inputs(R"x({"in/a.csv": "${{ steps.make.artifacts['out/a.csv'] }}"})x"));
  play.step();
  leave(play, "make", {artifact("out/a.csv", 'a'), artifact("b", 'b')});
  EXPECT_THAT(play.step(), ElementsAre("succeeded make", "start use"));
  EXPECT_THAT(inputs_in(play.task("use")), ElementsAre("in/a.csv a 5"));
  EXPECT_THAT(inputs_in(play.task("make")), IsEmpty());
}

TEST(RunArtifactsTest, ExpressionsSeeNameDigestAndSize) {
  Play play(
      R"x({"p": {"outputs": {"size": "${{ steps.make.artifacts['a'].size_bytes }}"}, "steps": {
    "make": {"task": "t"},
    "use": {"needs": "make", "task": "t", "if": "steps.make.artifacts.a.media_type == 'text/csv'",
            "with": {"names": "${{ steps.make.artifacts.*.name }}",
                     "digest": "${{ steps.make.artifacts.a.sha256 }}",
                     "none": "${{ steps.make.artifacts.c }}"}}}}})x");
  play.step();
  leave(play, "make", {artifact("a", 'a', 7), artifact("b", 'b')});
  play.step();
  EXPECT_EQ(play.task("use").params,
            R"({"names":["a","b"],"digest":")" + digest('a') + R"(","none":null})");
  play.succeed("use");
  play.step();
  EXPECT_EQ(play.records().at("").outputs, R"({"size":7})");
}

TEST(RunArtifactsTest, AMapOrAListOfThemIsADirectory) {
  Play all(using_inputs("\"steps.make.artifacts\""));
  all.step();
  leave(all, "make", {artifact("b", 'b'), artifact("a/x", 'a')});
  all.step();
  EXPECT_THAT(inputs_in(all.task("use")), ElementsAre("a/x a 5", "b b 5"));

  Play list(using_inputs(R"({"parts": "${{ steps.make.artifacts }}"})",
                         R"(, "for_each": [1, 2], "fail_fast": false)"));
  list.step();
  leave(list, "make[1]", {artifact("x", 'd')});
  leave(list, "make[0]", {artifact("x", 'c')});
  list.step();
  EXPECT_THAT(inputs_in(list.task("use")), ElementsAre("parts/0/x c 5", "parts/1/x d 5"));
}

TEST(RunArtifactsTest, OneAloneKeepsItsName) {
  Play play(using_inputs(R"x("steps.make.artifacts['a.csv']")x"));
  play.step();
  leave(play, "make", {artifact("a.csv", 'a')});
  play.step();
  EXPECT_THAT(inputs_in(play.task("use")), ElementsAre("a.csv a 5"));
}

TEST(RunArtifactsTest, TheyPassThroughTheOutputsOfAPipeline) {
  Play play(R"x({"p": {"steps": {
      "inner": {"pipeline": "q"},
      "use": {"needs": "inner", "task": {"command": ["./use"]},
              "inputs": {"a": "${{ steps.inner.outputs.file }}"}}}},
    "q": {"outputs": {"file": "${{ steps.make.artifacts.a }}"}, "steps": {
      "make": {"task": "t"}}}})x");
  play.step();
  leave(play, "inner/make", {artifact("a", 'a')});
  play.step();
  EXPECT_THAT(inputs_in(play.task("use")), ElementsAre("a a 5"));
}

TEST(RunArtifactsTest, AfterARestartTheyAreAsTheyWere) {
  Play play(using_inputs(R"({"parts": "${{ steps.make.artifacts }}"})", R"(, "for_each": [1, 2])"));
  play.step();
  leave(play, "make[0]", {artifact("x", 'c')});
  play.step();
  play.reopen();
  leave(play, "make[1]", {artifact("x", 'd')});
  play.step();
  const auto before = inputs_in(play.task("use"));
  EXPECT_THAT(before, ElementsAre("parts/0/x c 5", "parts/1/x d 5"));
  Play whole(using_inputs(R"({"a": "${{ steps.make.artifacts.x }}"})"));
  whole.step();
  leave(whole, "make", {artifact("x", 'e')});
  whole.run().take(whole.now());  // not written down
  whole.reopen();
  leave(whole, "make", {artifact("x", 'e')});
  whole.step();
  whole.reopen();
  whole.step();
  EXPECT_THAT(inputs_in(whole.task("use")), ElementsAre("a e 5"));
}

TEST(RunArtifactsTest, WhatNothingReadsIsNotKept) {
  Play play(R"({"p": {"steps": {"make": {"task": "t"}, "use": {"needs": "make", "task": "t"}}}})");
  play.step();
  leave(play, "make", {artifact("a", 'a')});
  play.step();
  EXPECT_EQ(play.records().at("make").artifacts, "");
}

TEST(RunArtifactsTest, WhatIsNotThereFailsTheStepAndSaysWhich) {
  EXPECT_THAT(error_of_use(R"({"a": "${{ steps.make.artifacts.a }}"})", {artifact("b", 'b')}),
              HasSubstr("inputs: \"a\" is null: the step left no artifact of that name"));
  EXPECT_THAT(error_of_use(R"({"a": "${{ steps.make.result }}"})", {}),
              HasSubstr("inputs: \"a\" is no artifact"));
}

TEST(RunArtifactsTest, TheyAreBoundedTogether) {
  EXPECT_THAT(error_of_use("\"steps.make.artifacts\"", {artifact("a", 'a', 6), artifact("b", 'b')}),
              HasSubstr("more than 10B together; raise limits.inputs"));
  std::vector<Artifact> many;
  for (int i = 0; i < 9'000; ++i) many.push_back(artifact("file-" + std::to_string(i), 'a', 0));
  Play play(using_inputs("\"steps.make.artifacts\""));
  play.step();
  leave(play, "make", many);
  play.step();
  EXPECT_EQ(play.records().at("make").state, NodeState::failed);
  EXPECT_THAT(play.records().at("make").error, HasSubstr("artifacts, their names and digests: "));
}

TEST(RunArtifactsTest, NoNameLeadsOutOfTheDirectoryWhereverItComesFrom) {
  const std::string file = R"({"sha256": ")" + digest('a') + R"(", "size_bytes": 1, "name": "n"})";
  for (const std::string name :
       {"../x", "/etc/passwd", "a/../../x", "a//x", ".", "WAYBILL_PARAMS"}) {
    Play play(
        R"({"p": {"steps": {"use": {"task": {"command": ["./use"]}, "inputs": "params.files"}}}})",
        R"({"files": {")" + name + R"(": )" + file + "}}");
    play.step();
    EXPECT_EQ(play.records().at("use").state, NodeState::failed) << name;
    EXPECT_THAT(play.records().at("use").error, HasSubstr("inputs: ")) << name;
  }
  const std::vector<std::string> values = {R"({"x": {"sha256": "abc", "size_bytes": 1}})",
                                           R"({"x": {"sha256": ")" + digest('a') + "\"}}",
                                           R"({"x": )" + file + R"(, "x/y": )" + file + "}", "[1]"};
  for (const std::string& value : values) {
    Play play(
        R"({"p": {"steps": {"use": {"task": {"command": ["./use"]}, "inputs": "params.files"}}}})",
        R"({"files": )" + value + "}");
    play.step();
    EXPECT_EQ(play.records().at("use").state, NodeState::failed) << value;
  }
}

TEST(RunArtifactsTest, AStepWhoseFilesAreTheSameIsReusedAndOtherwiseTheFileIsNamed) {
  const std::string pipelines = using_inputs(R"({"in.csv": "${{ steps.make.artifacts.a }}"})");
  Play first(pipelines);
  first.step();
  leave(first, "make", {artifact("a", 'a')});
  first.step();
  first.succeed("use");
  first.step();
  auto reusable = reusable_of(first.plan(), first.records(), {"make"});
  EXPECT_FALSE(reusable.contains("use")) << "what needs a step that is done anew is too";
  reusable = reusable_of(first.plan(), first.records(), {});
  reusable.erase("make");  // it differs in something else

  Play same(pipelines);
  same.reuse(reusable);
  same.step();
  leave(same, "make", {artifact("a", 'a')});
  EXPECT_THAT(same.step(), ElementsAre("succeeded make", "reused use", "succeeded "));

  Play other(pipelines);
  other.reuse(reusable);
  other.step();
  leave(other, "make", {artifact("a", 'b')});
  EXPECT_THAT(other.step(), ElementsAre("succeeded make", "start use"));
  EXPECT_THAT(other.differs("use"), ElementsAre("inputs.in.csv"));
}

TEST(RunArtifactsTest, AReusedStepGivesItsFilesAndOneWhoseFilesAreNotKnownIsDoneAnew) {
  const std::string pipelines = using_inputs(R"({"in.csv": "${{ steps.make.artifacts.a }}"})");
  Play first(pipelines);
  first.step();
  leave(first, "make", {artifact("a", 'a')});
  first.step();
  first.fail("use");
  first.step();
  auto reusable = reusable_of(first.plan(), first.records(), {});
  Play again(pipelines);
  again.reuse(reusable);
  EXPECT_THAT(again.step(), ElementsAre("open ", "reused make", "start use"));
  EXPECT_THAT(inputs_in(again.task("use")), ElementsAre("in.csv a 5"));
  again.reopen();
  EXPECT_EQ(again.records().at("make").artifacts, first.records().at("make").artifacts);

  reusable.at("make").artifacts.clear();
  Play anew(pipelines);
  anew.reuse(reusable);
  EXPECT_THAT(anew.step(), ElementsAre("open ", "start make"));
  EXPECT_THAT(anew.differs("make"), ElementsAre("artifacts"));
}

/// What is wrong with the pipelines of a document.
std::string problems_of(const std::string& pipelines) {
  const DefinitionsLoad load = load_definitions(
      {{{.file = "a.yaml",
         .directory = "/srv",
         .json = R"({"tasks": {"t": {"kind": "noop"}}, "pipelines": )" + pipelines + "}"}}});
  std::string all;
  for (const auto& problem : load.problems) all += to_string(problem) + "\n";
  return all;
}

TEST(RunArtifactsTest, ADefinitionIsToldWhatItMayNotName) {
  EXPECT_EQ(problems_of(using_inputs(R"({"a": "${{ steps.make.artifacts.a }}"})")), "");
  EXPECT_THAT(problems_of(using_inputs(R"({"../a": "${{ steps.make.artifacts.a }}"})")),
              HasSubstr("/steps/use/inputs: artifact \"../a\" has a part in its name"));
  EXPECT_THAT(problems_of(using_inputs(R"({"a": "${{ steps.other.artifacts.a }}"})")),
              HasSubstr("there is no step \"other\""));
  EXPECT_THAT(problems_of(R"({"p": {"steps": {"use": {"task": "t", "inputs": {}}}}})"),
              HasSubstr("tasks of kind noop are given no files"));
  EXPECT_THAT(problems_of(R"({"p": {"steps": {"use": {"wait": {"for": "1s"}, "inputs": {}}}}})"),
              HasSubstr("is for steps that are a task"));
  const std::string inner = R"({"p": {"outputs": {"x": "${{ steps.in.artifacts.a }}"}, "steps": {
    "in": {"pipeline": "q"}}}, "q": {"steps": {"w": {"wait": {"for": "1s"}}}}})";
  EXPECT_THAT(problems_of(inner), HasSubstr("a pipeline has no artifacts of its own"));
  EXPECT_THAT(problems_of(using_inputs("\"steps.make.outputs\"")), "");
}

TEST(RunArtifactsTest, APlanThatWasKeptGivesTheSameFiles) {
  Play play(using_inputs(R"({"a": "${{ steps.make.artifacts.a }}"})"));
  const auto read = Plan::read(play.plan().to_json_text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE((*read)->step_of("make")->shows_artifacts);
  EXPECT_FALSE((*read)->step_of("use")->shows_artifacts);
  EXPECT_EQ((*read)->step_of("other"), nullptr);
  EXPECT_EQ((*read)->step_of("make/other"), nullptr);
  EXPECT_EQ((*read)->to_json_text(), play.plan().to_json_text());
}

}  // namespace
}  // namespace waybill::pipeline
