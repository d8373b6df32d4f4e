#include "core/pipeline/run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "core/definitions_load.h"
#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(PipelineRun, BeginsEachStepWhenAllItNeedsSucceeded) {
  Play play(R"({"p": {"steps": {
      "a": {"task": "t"}, "b": {"task": "t"}, "c": {"task": "t", "needs": ["a", "b"]}}}})");
  EXPECT_THAT(play.step(), ElementsAre("open ", "start a", "start b"));
  EXPECT_THAT(play.step(), IsEmpty());
  play.succeed("b");
  EXPECT_THAT(play.step(), ElementsAre("succeeded b"));
  play.succeed("a");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a", "start c"));
  play.succeed("a");
  EXPECT_THAT(play.step(), IsEmpty()) << "told twice";
  play.succeed("c");
  EXPECT_THAT(play.step(), ElementsAre("succeeded c", "succeeded "));
  EXPECT_TRUE(play.run().is_finished());
}

TEST(PipelineRun, PassesOutputsOn) {
  Play play(R"({"p": {"params": {"required": ["day"]},
      "outputs": {"all": "${{ steps.b.outputs.*.n }}", "day": "${{ params.day }}"},
      "steps": {
        "a": {"task": "t", "with": {"day": "${{ params.day }}"},
              "outputs": {"l": "${{ result.list }}"}},
        "b": {"task": "t", "needs": "a", "for_each": "steps.a.outputs.l",
              "with": {"x": "${{ item }}", "i": "${{ index }}", "id": "${{ run.pipeline }}"},
              "outputs": {"n": "${{ format('{0}:{1}', item, result.r) }}"}}}}})",
            R"({"day": "monday"})");
  play.step();
  EXPECT_EQ(play.task("a").params, R"({"day":"monday"})");
  EXPECT_EQ(play.task("a").id, task_id(play.request().id, "a"));
  play.succeed("a", R"({"list": ["x", 7]})");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a", "open b", "start b[0]", "start b[1]"));
  EXPECT_EQ(play.task("b[1]").params, R"({"x":7,"i":1,"id":"p"})");
  play.succeed("b[1]", R"({"r": 1})");
  play.succeed("b[0]", R"({"r": 0})");
  play.step();
  EXPECT_EQ(play.records().at("").outputs, R"({"all":["x:0","7:1"],"day":"monday"})");
}

TEST(PipelineRun, SkipsWhatNeedsAFailedStepButForWhatAsksForIt) {
  Play play(R"x({"p": {"steps": {
      "a": {"task": "t"},
      "b": {"task": "t", "needs": "a"},
      "c": {"task": "t", "needs": "b", "if": "params.x == 1"},
      "d": {"task": "t", "needs": "b", "if": "always()"},
      "e": {"task": "t", "needs": "b", "if": "failure() && steps.a.error == 'broken'"},
      "f": {"task": "t", "needs": "d"},
      "g": {"task": "t", "if": "params.x"}}}})x");
  EXPECT_THAT(play.step(), ElementsAre("open ", "start a", "skipped g"));
  play.fail("a", "broken");
  EXPECT_THAT(play.step(), ElementsAre("failed a", "skipped b", "skipped c", "start d", "start e"));
  EXPECT_EQ(play.records().at("b").error, "a failed");
  EXPECT_EQ(play.records().at("g").error, "its if was false");
  play.succeed("d");
  play.succeed("e");
  EXPECT_THAT(play.step(), ElementsAre("succeeded d", "skipped f", "succeeded e", "failed "));
  EXPECT_EQ(play.records().at("").error, "step a failed");
}

TEST(PipelineRun, EndsTheOtherInstancesWhenOneFailsFast) {
  Play play(R"({"p": {"steps": {"a": {"task": "t", "matrix": {"x": [1, 2, 3, 4]}, "max_parallel": 2,
                                      "with": {"x": "${{ matrix.x }}"}}}}})");
  EXPECT_THAT(play.step(), ElementsAre("open ", "open a", "start a[0]", "start a[1]"));
  play.succeed("a[0]");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a[0]", "start a[2]"));
  play.fail("a[2]");
  EXPECT_THAT(play.step(), ElementsAre("failed a[2]", "cancel a[1]", "cancelled a[3]"));
  play.end("a[1]", NodeState::cancelled);
  EXPECT_THAT(play.step(), ElementsAre("cancelled a[1]", "failed a", "failed "));
  EXPECT_EQ(play.records().at("a").error, "[2] failed: no");
}

TEST(PipelineRun, LetsTheOtherInstancesBeWhereItIsToldTo) {
  Play play(R"({"p": {"steps": {"a": {"task": "t", "for_each": [1, 2], "fail_fast": false}}}})");
  play.step();
  play.fail("a[0]");
  EXPECT_THAT(play.step(), ElementsAre("failed a[0]"));
  play.succeed("a[1]");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a[1]", "failed a", "failed "));
}

TEST(PipelineRun, TakesAnEmptyListForDoneAndNoListForAMistake) {
  Play play(R"x({"p": {"outputs": {"n": "${{ steps.a.outputs }}"}, "steps": {
      "a": {"task": "t", "for_each": "fromJSON('[]')"},
      "b": {"task": "t", "for_each": "'x'"}, "c": {"task": "t", "for_each": "fromJSON('x')"},
      "d": {"task": "strict", "with": {"x": "${{ params.x }}"}},
      "e": {"task": "t", "if": "fromJSON('x')"}}}})x");
  EXPECT_THAT(play.step(), ElementsAre("open ", "succeeded a", "failed b", "failed c", "failed d",
                                       "failed e", "failed "));
  EXPECT_THAT(play.records().at("b").error, HasSubstr("for_each: this is no list: \"x\""));
  EXPECT_THAT(play.records().at("d").error, HasSubstr("with: params the field \"url\""));
}

TEST(PipelineRun, CancelsAllButItsCleanUp) {
  Play play(R"x({"p": {"steps": {
      "a": {"task": "t"}, "w": {"wait": {"approval": {}}},
      "b": {"task": "t", "needs": "a"},
      "tidy": {"task": "t", "needs": ["b", "w"], "if": "always()"},
      "note": {"task": "t", "needs": "b", "if": "cancelled()"},
      "f": {"task": "t", "needs": "b", "if": "failure()"}}}})x");
  EXPECT_THAT(play.step(), ElementsAre("open ", "start a", "wait w"));
  play.cancel();
  EXPECT_THAT(play.step(), ElementsAre("cancel ", "cancel a", "cancelled w"));
  EXPECT_THAT(play.step(), IsEmpty());
  play.end("a", NodeState::cancelled);
  EXPECT_THAT(play.step(),
              ElementsAre("cancelled a", "skipped b", "start tidy", "start note", "skipped f"));
  play.succeed("note");
  EXPECT_THAT(play.step(), ElementsAre("succeeded note"));
  play.cancel(Stop::at_once);
  EXPECT_THAT(play.step(), ElementsAre("cancel ", "cancel tidy"));
  play.end("tidy", NodeState::cancelled);
  EXPECT_THAT(play.step(), ElementsAre("cancelled tidy", "cancelled "));
  EXPECT_EQ(play.records().at("").error, "by ann");
}

TEST(PipelineRun, LetsARunningCleanUpBe) {
  Play play(R"x({"p": {"steps": {"a": {"task": "t", "if": "always()"}, "b": {"task": "t"},
      "c": {"pipeline": "q", "if": "always()"}}}, "q": {"steps": {"x": {"task": "t"}}}})x");
  play.step();
  play.cancel();
  EXPECT_THAT(play.step(), ElementsAre("cancel ", "cancel b"));
}

TEST(PipelineRun, RunsPipelinesInIt) {
  Play play(R"({
      "p": {"steps": {"a": {"pipeline": "q", "matrix": {"n": [5, 6]},
                            "with": {"n": "${{ matrix.n }}"},
                            "outputs": {"got": "${{ result.sum }}"}}},
            "outputs": {"all": "${{ steps.a.outputs }}"}},
      "q": {"steps": {"x": {"task": "t", "with": {"n": "${{ params.n }}"}},
                      "y": {"task": "t", "needs": "x"}},
            "outputs": {"sum": "${{ steps.y.outputs.s }}"}}})");
  EXPECT_THAT(play.step(), ElementsAre("open ", "open a", "open a[0]", "open a[1]", "start a[0]/x",
                                       "start a[1]/x"));
  EXPECT_EQ(play.task("a[1]/x").params, R"({"n":6})");
  play.succeed("a[0]/x");
  play.succeed("a[1]/x");
  play.step();
  play.succeed("a[0]/y", R"({"s": 1})");
  play.succeed("a[1]/y", R"({"s": 2})");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a[0]/y", "succeeded a[0]", "succeeded a[1]/y",
                                       "succeeded a[1]", "succeeded a", "succeeded "));
  EXPECT_EQ(play.records().at("").outputs, R"({"all":[{"got":1},{"got":2}]})");
}

TEST(PipelineRun, EndsAPipelineInItThatTakesTooLong) {
  Play play(R"x({"p": {"steps": {"a": {"pipeline": "q", "timeout": "1h"},
                                 "b": {"task": "t", "needs": "a", "if": "failure()"}}},
      "q": {"steps": {"x": {"task": "t"}, "y": {"task": "t", "needs": "x", "if": "always()"}}}})x");
  play.step();
  EXPECT_EQ(play.run().next_at(), play.now() + std::chrono::hours(1));
  play.pass(std::chrono::hours(1));
  EXPECT_THAT(play.step(), ElementsAre("cancel a", "cancel a/x"));
  play.end("a/x", NodeState::cancelled);
  EXPECT_THAT(play.step(), ElementsAre("cancelled a/x", "start a/y"));
  play.succeed("a/y");
  EXPECT_THAT(play.step(), ElementsAre("succeeded a/y", "failed a", "start b"));
}

TEST(PipelineRun, FailsWhenItsTimeIsUp) {
  Play play(R"({"p": {"timeout": "1h", "steps": {"a": {"task": "t"}}}})");
  play.step();
  play.pass(std::chrono::minutes(59));
  EXPECT_THAT(play.step(), IsEmpty());
  play.pass(std::chrono::minutes(1));
  EXPECT_THAT(play.step(), ElementsAre("cancel ", "cancel a"));
  play.end("a", NodeState::cancelled);
  EXPECT_THAT(play.step(), ElementsAre("cancelled a", "failed "));
}

TEST(PipelineRun, Waits) {
  Play play(R"({"p": {"steps": {
      "pause": {"wait": {"for": "${{ params.pause }}"}},
      "ok": {"wait": {"approval": {"who_may": {"role": "admin"}}}, "timeout": "1d",
             "outputs": {"by": "${{ result.by }}"}},
      "up": {"wait": {"http": {"url": "https://x/${{ run.pipeline }}", "timeout": "2h"}}},
      "bad": {"wait": {"until": "params.pause"}}}}})",
            R"({"pause": "10m"})");
  EXPECT_THAT(play.step(), ElementsAre("open ", "wait pause", "wait ok", "wait up", "failed bad"));
  EXPECT_EQ(play.run().next_at(), play.now() + std::chrono::minutes(10));
  play.pass(std::chrono::minutes(10));
  EXPECT_THAT(play.step(), ElementsAre("succeeded pause"));
  play.succeed("ok", R"({"by": "ann"})");
  play.step();
  EXPECT_EQ(play.records().at("ok").outputs, R"({"by":"ann"})");
  play.pass(std::chrono::hours(2));
  EXPECT_THAT(play.step(), ElementsAre("failed up", "failed "));
}

TEST(PipelineRun, GivesTasksWhatStepAndPipelineSay) {
  Play play(R"({"p": {"queue": "slow", "priority": 3, "labels": {"team": "x"}, "steps": {
      "a": {"task": "t"}, "b": {"task": "t", "queue": "net", "timeout": "2m",
                                "retry": {"failures": 1}},
      "c": {"task": {"kind": "noop", "spec": {"k": 1}}}}}})");
  play.step();
  EXPECT_EQ(play.task("a").queue, "slow");
  EXPECT_EQ(play.task("a").priority, 3);
  EXPECT_EQ(play.task("a").definition, "t");
  EXPECT_EQ(play.task("a").labels, (Labels{{"team", "x"}}));
  EXPECT_EQ(play.task("b").queue, "net");
  EXPECT_EQ(play.task("b").run_time_max, std::chrono::minutes(2));
  EXPECT_EQ(play.task("b").retry.failures_max, 1U);
  EXPECT_EQ(play.task("c").spec, R"({"k":1})");
  EXPECT_EQ(play.task("c").definition, "");
  EXPECT_EQ(play.task("c").created_by, "run:" + to_string(play.request().id));
  EXPECT_TRUE(check_request(play.task("c")));
}

constexpr const char* kReuse = R"({"p": {"steps": {
    "a": {"task": "t", "with": {"x": "${{ params.x }}"}},
    "b": {"task": "t", "needs": "a", "with": {"got": "${{ steps.a.outputs.v }}", "k": 1}},
    "ok": {"needs": "b", "wait": {"approval": {}}},
    "c": {"task": "t", "needs": "ok", "with": {"y": "${{ params.y }}"}}}}})";

TEST(PipelineRerun, ReusesWhatWouldBeTheSame) {
  Play first(kReuse, R"({"x": 1, "y": 1})");
  first.step();
  first.succeed("a", R"({"v": 5})");
  first.step();
  first.succeed("b");
  first.step();
  first.succeed("ok");
  first.step();
  first.fail("c");
  first.step();

  Play same(kReuse, R"({"x": 1, "y": 1})");
  same.reuse(reusable_of(same.plan(), first.records()));
  EXPECT_THAT(same.step(), ElementsAre("open ", "reused a", "reused b", "reused ok", "start c"));
  EXPECT_EQ(same.records().at("a").outputs, R"({"v":5})");
  EXPECT_NE(same.task("c").id, first.task("c").id);

  Play other(kReuse, R"({"x": 2, "y": 1})");
  other.reuse(reusable_of(other.plan(), first.records()));
  EXPECT_THAT(other.step(), ElementsAre("open ", "start a"));
  EXPECT_THAT(other.differs("a"), ElementsAre("params.x"));
  other.succeed("a", R"({"v": 5})");
  EXPECT_THAT(other.step(), ElementsAre("succeeded a", "reused b", "wait ok"))
      << "what a gave is the same, but what is to be approved is not";

  Play from(kReuse, R"({"x": 1, "y": 1})");
  from.reuse(reusable_of(from.plan(), first.records(), {"b"}));
  EXPECT_THAT(from.step(), ElementsAre("open ", "reused a", "start b"));
  from.succeed("b");
  EXPECT_THAT(from.step(), ElementsAre("succeeded b", "wait ok"));
}

TEST(PipelineFingerprint, NamesTheFieldsThatDiffer) {
  EXPECT_THAT(
      differences({{"a", "1"}, {"b", "1"}, {"d", "1"}}, {{"b", "2"}, {"c", "1"}, {"d", "1"}}),
      ElementsAre("a", "b", "c"));
  const Fingerprint some = {{"kind", "x"}, {"params.a", "y"}};
  EXPECT_EQ(read_fingerprint(to_json_text(some)).value(), some);
  EXPECT_FALSE(read_fingerprint("[]"));
}

TEST(PipelinePlan, IsReadBackAsItWasWritten) {
  for (const char* pipelines : {kReuse, kEverything}) {
    const auto plan = plan_of(pipelines);
    const auto again = Plan::read(plan->to_json_text());
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_EQ((*again)->pipelines(), plan->pipelines());
    EXPECT_EQ((*again)->tasks(), plan->tasks());
    EXPECT_EQ((*again)->to_json_text(), plan->to_json_text());
  }
  EXPECT_FALSE(Plan::read("{}"));
  EXPECT_FALSE(Plan::read(R"({"version":2,"pipeline":"p","pipelines":[],"tasks":[]})"));
  EXPECT_FALSE(Plan::read(
      R"({"version":1,"pipeline":"p","pipelines":[{"name":"p","steps":[]}],"tasks":[]})"));
}

TEST(PipelinePlan, IsNotMadeOfWhatIsWrong) {
  EXPECT_EQ(Plan::make("nope", {}, {}).error().code, Code::not_found);
  Pipelines pipelines;
  pipelines["p"] = {.name = "p", .steps = {{.name = "a", .task = "x", .needs = {"b"}}}};
  const auto plan = Plan::make("p", pipelines, {});
  EXPECT_EQ(plan.error().code, Code::invalid_argument);
  EXPECT_THAT(plan.error().message, HasSubstr("there is no step \"b\""));
}

TEST(PipelineRun, RefusesParamsThatAreNotThePipelines) {
  const auto plan =
      plan_of(R"({"p": {"params": {"required": ["x"]}, "steps": {"a": {"task": "t"}}}})");
  RunRequest request{.id = task_id(kTaskNamespace, "r")};
  EXPECT_EQ(Run::open(plan, request).error().code, Code::invalid_argument);
  request.params = "[]";
  EXPECT_EQ(Run::open(plan, request).error().code, Code::invalid_argument);
}

TEST(PipelineRun, BoundsWhatItIsExpandedTo) {
  Play play(R"({"p": {"steps": {"list": {"task": "t"},
      "a": {"task": "t", "needs": "list", "for_each": "steps.list.outputs.l"}}}})");
  play.step();
  std::string list = R"({"l":[0)";
  for (int i = 0; i < 10'000; ++i) list += ",0";
  play.succeed("list", list + "]}");
  EXPECT_THAT(play.step(), ElementsAre("succeeded list", "failed a", "failed "));
  EXPECT_THAT(play.records().at("a").error, HasSubstr("at most 10000 steps"));
}

TEST(PipelineRun, RefusesOutputsThatAreTooDeepOrTooBig) {
  Play play(R"({"p": {"steps": {
      "a": {"task": "t", "outputs": {"x": "${{ result }}"}}, "b": {"task": "t"},
      "c": {"task": "t", "outputs": {"x": "${{ result.l }}", "y": "${{ result.l }}"}},
      "d": {"task": "t", "outputs": {"x": "${{ fromJSON(result.l) }}"}}}}})");
  play.step();
  play.succeed("a", std::string(64, '[') + std::string(64, ']'));
  play.succeed("b", "{");
  play.succeed("c", R"({"l":")" + std::string(600'000, 'x') + R"("})");
  play.succeed("d", R"({"l":"{"})");
  EXPECT_THAT(play.step(), ElementsAre("failed a", "failed b", "failed c", "failed d", "failed "));
  EXPECT_THAT(play.records().at("a").error, HasSubstr("outputs: nested deeper than 64 levels"));
  EXPECT_THAT(play.records().at("b").error, HasSubstr("result: not JSON"));
  EXPECT_THAT(play.records().at("c").error, HasSubstr("outputs: these are 1200"));
  EXPECT_THAT(play.records().at("d").error, HasSubstr("outputs: /x: column 2: fromJSON"));
}

TEST(PipelineRun, BoundsAllItsParamsTogether) {
  Play play(R"({"p": {"steps": {"list": {"task": "t"},
      "a": {"task": "t", "needs": "list", "for_each": "steps.list.outputs.l", "fail_fast": false,
            "with": {"x": "${{ steps.list.outputs.big }}"}}}}})");
  play.step();
  std::string list = "[0";
  for (int i = 1; i < 300; ++i) list += ",0";
  play.succeed("list", R"({"big":")" + std::string(1'000'000, 'x') + R"(","l":)" + list + "]}");
  const auto done = play.step();
  EXPECT_EQ(std::count(done.begin(), done.end(), "failed a[299]"), 1);
  EXPECT_EQ(std::count(done.begin(), done.end(), "start a[200]"), 1);
  EXPECT_THAT(play.records().at("a[299]").error, HasSubstr("of a run are at most"));
}

/// Ten thousand steps in a shape, all played to the end.
std::size_t play_through(Play& play) {
  std::size_t actions = 0;
  for (auto done = play.step(); !done.empty(); done = play.step()) {
    actions += done.size();
    play.succeed_all();
  }
  return actions;
}

TEST(PipelineRun, TenThousandStepsAreFine) {
  std::string chain = R"({"p": {"steps": {"s0": {"task": "t"})";
  std::string wide = R"({"p": {"steps": {"s0": {"task": "t"})";
  for (int i = 1; i < 9'999; ++i) {
    const std::string name = ",\"s" + std::to_string(i) + "\": {\"task\": \"t\", \"needs\": ";
    chain += name + "\"s" + std::to_string(i - 1) + "\"}";
    wide += name + "\"s0\"}";
  }
  std::string list = "[0";
  for (int i = 1; i < 9'990; ++i) list += "," + std::to_string(i);
  const std::string each =
      R"({"p": {"steps": {"a": {"task": "t", "for_each": )" + list +
      R"(], "with": {"x": "${{ item }}"}}, "z": {"task": "t", "needs": "a"}}}})";
  for (const std::string& shape : {chain + "}}}", wide + "}}}", each}) {
    Play play(shape);
    const auto begun = std::chrono::steady_clock::now();
    play.step();
    const auto next = advance(play.shared_plan(), play.request(), play.records(), {}, play.now());
    EXPECT_TRUE(next && next->actions.empty()) << "opened again in the midst of it";
    play.succeed_all();
    EXPECT_GE(play_through(play), 9'990U);
    EXPECT_TRUE(play.run().is_finished());
    EXPECT_EQ(play.records().at("").state, NodeState::succeeded);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    RecordProperty("seconds", std::to_string(took.count()));
    EXPECT_LT(took.count(), 20) << "quadratic?";
  }
}

}  // namespace
}  // namespace waybill::pipeline
