// What a run may hold at most, also when it was opened again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// `[0,0,…]`.
std::string zeros(int count) {
  std::string list = "[0";
  for (int i = 1; i < count; ++i) list += ",0";
  return list + "]";
}

std::string zeros_each(int count) { return "\"for_each\": " + zeros(count); }

std::string quoted(std::size_t bytes) { return "\"" + std::string(bytes, 'x') + "\""; }

TEST(PipelineRunLimits, CountTheParamsOfPipelinesInIt) {
  Play play(R"({
      "p": {"steps": {"list": {"task": "t"},
        "a": {"needs": "list", "pipeline": "q", "for_each": "steps.list.outputs.l",
              "fail_fast": false, "with": {"x": "${{ steps.list.outputs.big }}"}}}},
      "q": {"steps": {"w": {"wait": {"approval": {}}}}}})");
  play.step();
  play.succeed("list", R"({"big":)" + quoted(1'000'000) + R"(,"l":)" + zeros(300) + "}");
  const auto done = play.step();
  EXPECT_EQ(std::count(done.begin(), done.end(), "open a[200]"), 1);
  EXPECT_EQ(std::count(done.begin(), done.end(), "failed a[299]"), 1);
  EXPECT_THAT(play.records().at("a[299]").error, HasSubstr("of a run are at most"));
}

TEST(PipelineRunLimits, CountTheSpecsOfTasks) {
  Play play(R"({"p": {"steps": {"a": {"for_each": )" + zeros(300) + R"(, "fail_fast": false,
      "task": {"kind": "noop", "spec": {"x": )" +
            quoted(1'000'000) + "}}}}}}");
  const auto done = play.step();
  EXPECT_EQ(std::count(done.begin(), done.end(), "start a[200]"), 1);
  EXPECT_EQ(std::count(done.begin(), done.end(), "failed a[299]"), 1);
}

TEST(PipelineRunLimits, BoundTheOutputsOfTheRunItself) {
  Play big(R"({"p": {"outputs": {"x": "${{ steps.a.outputs.l }}", "y": "${{ steps.a.outputs.l }}"},
                     "steps": {"a": {"task": "t"}}}})");
  big.step();
  big.succeed("a", R"({"l":")" + std::string(600'000, 'x') + R"("})");
  EXPECT_THAT(big.step(), ElementsAre("succeeded a", "failed "));
  EXPECT_THAT(big.records().at("").error, HasSubstr("outputs: these are 1200"));
  EXPECT_EQ(big.records().at("").outputs, "");

  Play deep(R"({"p": {"outputs": {"x": {"y": "${{ steps.a.outputs }}"}}, "steps": {
      "a": {"task": "t"}}}})");
  deep.step();
  deep.succeed("a", std::string(63, '[') + std::string(63, ']'));
  EXPECT_THAT(deep.step(), ElementsAre("succeeded a", "failed "));
  EXPECT_THAT(deep.records().at("").error, HasSubstr("outputs: nested deeper than 64 levels"));
}

/// What comes of a run in which every task gives `result`, with a restart before each turn.
Records play_tasks(const std::string& pipelines, const std::string& result) {
  const auto plan = plan_of(pipelines);
  const Time now = from_micros(1'800'000'000'000'000);
  const RunRequest request{.id = task_id(kTaskNamespace, "run"), .created_at = now};
  Records records;
  Run run = Run::open(plan, request).value();
  while (!run.is_finished()) {
    std::vector<std::string> begun;
    for (const Action& each : run.take(now)) {
      record(records, each);
      if (std::holds_alternative<action::Start>(each)) begun.push_back(path_of(each));
    }
    if (run.is_finished()) break;
    if (begun.empty()) ADD_FAILURE() << "nothing begins and the run has not ended";
    if (begun.empty()) break;
    run = Run::open(plan, request, records).value();
    for (const std::string& path : begun) {
      run.ended({.path = path, .result = result, .error = ""});
    }
  }
  return records;
}

std::string big_list(int count) {
  return R"({"big":)" + quoted(1'000'000) + R"(,"l":)" + zeros(count) + "}";
}

TEST(PipelineRunLimits, BytesAreCountedAfterARestart) {
  // 100 MB in params of tasks, or in params of pipelines, and then 200 MB more.
  for (const std::string first : {R"("task": "t", "outputs": {})", R"("pipeline": "q")"}) {
    const std::string pipelines = R"({
        "p": {"steps": {"list": {"task": "t"},
          "a": {"needs": "list", "for_each": "steps.list.outputs.l", )" +
                                  first + R"(,
                "with": {"x": "${{ steps.list.outputs.big }}"}},
          "b": {"needs": "a", "task": "t", "fail_fast": false, "outputs": {},
                "matrix": {"n": [0, 1], "x": "${{ steps.list.outputs.l }}"},
                "with": {"x": "${{ steps.list.outputs.big }}"}}}},
        "q": {"steps": {"x": {"task": "t", "outputs": {}}}}})";
    const Records records = play_tasks(pipelines, big_list(100));
    EXPECT_EQ(records.at("b[100]").state, NodeState::succeeded);
    EXPECT_THAT(records.at("b[199]").error, HasSubstr("of a run are at most"));
  }
}

TEST(PipelineRunLimits, InstancesAreCountedAfterARestart) {
  for (const std::string& first :
       {zeros_each(6'000) + R"(, "task": "t")", zeros_each(600) + R"(, "pipeline": "q")"}) {
    const std::string pipelines = R"({
        "p": {"steps": {"a": {)" + first +
                                  R"(},
                        "list": {"needs": "a", "task": "t"},
                        "b": {"needs": "list", "task": "t", "for_each": "steps.list.outputs.l"}}},
        "q": {"steps": {"x": {"task": "t", "outputs": {}, )" +
                                  zeros_each(9) + R"(}}}})";
    Play play(pipelines);
    play.step();
    play.succeed_all();
    play.step();
    play.reopen();
    EXPECT_THAT(play.step(), IsEmpty());
    play.succeed("list", R"({"l":)" + zeros(6'000) + "}");
    play.step();
    EXPECT_THAT(play.records().at("b").error, HasSubstr("at most 10000 steps"));
  }
}

TEST(PipelineRunLimits, CountReusedOutputs) {
  const std::string pipeline = R"({"p": {"steps": {"a": {"task": "t", "fail_fast": false,
      "for_each": )" + zeros(300) +
                               "}}}}";
  Play play(pipeline);
  play.step();
  const Fingerprint fingerprint = play.records().at("a[0]").fingerprint;
  std::map<std::string, Reusable> reusable;
  for (int i = 0; i < 300; ++i) {
    reusable["a[" + std::to_string(i) + "]"] = {fingerprint, quoted(1'000'000)};
  }
  Play second(pipeline);
  second.reuse(std::move(reusable));
  const auto done = second.step();
  EXPECT_EQ(std::count(done.begin(), done.end(), "reused a[200]"), 1);
  EXPECT_EQ(std::count(done.begin(), done.end(), "failed a[299]"), 1);
}

}  // namespace
}  // namespace waybill::pipeline
