// What a second run takes from the first, where definitions, params or steps are not the same.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Plays a run in which all that begins succeeds, but for the step `failing`.
void play_but(Play& play, const std::string& failing, const std::string& result = "") {
  for (auto done = play.step(); !play.run().is_finished(); done = play.step()) {
    if (done.empty()) play.pass(play.run().next_at() - play.now());
    for (const std::string& each : done) {
      const bool begins = each.starts_with("start ") || each.starts_with("wait ");
      const std::string path = each.substr(each.find(' ') + 1);
      if (begins && path == failing) play.fail(path);
      if (begins && path != failing) play.succeed(path, result);
    }
  }
}

std::vector<std::string> second_run(Play& second, const Play& first) {
  second.reuse(reusable_of(second.plan(), first.records()));
  return second.step();
}

std::string with_build(const std::string& command) {
  return R"({"p": {"steps": {
      "build": {"task": {"command": [")" +
         command + R"("]}},
      "test": {"needs": "build", "task": "t"},
      "ok": {"needs": "test", "wait": {"approval": {}}},
      "soak": {"needs": "ok", "wait": {"for": "10m"}},
      "deploy": {"needs": "soak", "task": "t"}}}})";
}

TEST(PipelineRerun, AsksAgainWhenAnotherBuildGivesTheSame) {
  Play first(with_build("./one"));
  play_but(first, "deploy");
  EXPECT_EQ(first.records().at("ok").state, NodeState::succeeded);

  Play same(with_build("./one"));
  EXPECT_THAT(second_run(same, first), ElementsAre("open ", "reused build", "reused test",
                                                   "reused ok", "reused soak", "start deploy"));

  Play other(with_build("./two"));
  EXPECT_THAT(second_run(other, first), ElementsAre("open ", "start build"));
  other.succeed("build");
  EXPECT_THAT(other.step(), ElementsAre("succeeded build", "reused test", "wait ok"));
  EXPECT_THAT(other.differs("ok"), ElementsAre("steps.test"));
  other.succeed("ok");
  EXPECT_THAT(other.step(), ElementsAre("succeeded ok", "wait soak")) << "ok was asked again";
}

TEST(PipelineRerun, AsksAgainWhenOthersAreToApprove) {
  const auto pipeline = [](const std::string& person) {
    return R"({"p": {"who_may": {"people": [")" + person + R"("]}, "steps": {
        "ok": {"wait": {"approval": {}}}, "deploy": {"needs": "ok", "task": "t"}}}})";
  };
  Play first(pipeline("ann"));
  play_but(first, "deploy");
  EXPECT_EQ(first.wait("ok").who_may, R"({"people":["ann"]})");
  Play second(pipeline("bob"));
  EXPECT_THAT(second_run(second, first), ElementsAre("open ", "wait ok"));
  EXPECT_THAT(second.differs("ok"), ElementsAre("wait"));
}

TEST(PipelineRerun, AsksAgainWhenWhatIsFurtherAwayGaveSomethingElse) {
  Play first(with_build("./one"));
  first.step();
  first.succeed("build", R"({"digest": "aa"})");
  play_but(first, "deploy");

  Play second(with_build("./one"));
  auto reusable = reusable_of(second.plan(), first.records());
  reusable.erase("build");
  second.reuse(reusable);
  second.step();
  second.succeed("build", R"({"digest": "bb"})");
  EXPECT_THAT(second.step(), ElementsAre("succeeded build", "reused test", "wait ok"));
}

TEST(PipelineRerun, AsksAgainWhenANeedWasDoneAnewThoughItGaveTheSame) {
  Play first(with_build("./one"));
  play_but(first, "deploy");

  Play second(with_build("./one"));
  auto reusable = reusable_of(second.plan(), first.records());
  reusable.erase("build");
  second.reuse(reusable);
  EXPECT_THAT(second.step(), ElementsAre("open ", "start build"));
  second.succeed("build");
  EXPECT_THAT(second.step(), ElementsAre("succeeded build", "reused test", "wait ok"));
  EXPECT_THAT(second.differs("ok"), ElementsAre("steps.test"));

  // Opened again in the midst of it, it decides the same.
  Records records = second.records();
  records.erase("ok");
  const auto again =
      advance(second.shared_plan(), second.request(), records, {}, second.now()).value().actions;
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(brief(again[0]), "wait ok");
}

TEST(PipelineRerun, AnApprovalStandsForItsInstanceOnly) {
  const auto pipeline = [](const std::string& list) {
    return R"({"p": {"steps": {
        "ok": {"for_each": )" +
           list + R"(, "wait": {"approval": {}}},
        "deploy": {"needs": "ok", "task": "t"}}}})";
  };
  Play first(pipeline(R"(["staging", "prod"])"));
  play_but(first, "deploy");
  Play same(pipeline(R"(["staging", "prod"])"));
  EXPECT_THAT(second_run(same, first), ElementsAre("open ", "open ok", "reused ok[0]",
                                                   "reused ok[1]", "succeeded ok", "start deploy"));
  Play swapped(pipeline(R"(["prod", "staging"])"));
  EXPECT_THAT(second_run(swapped, first),
              ElementsAre("open ", "open ok", "wait ok[0]", "wait ok[1]"));
  EXPECT_THAT(swapped.differs("ok[0]"), ElementsAre("item"));
}

TEST(PipelineRerun, AnApprovalInAPipelineHoldsForWhatCameBeforeThat) {
  const auto pipelines = [](const std::string& command) {
    return R"({
      "p": {"steps": {"build": {"task": {"command": [")" +
           command + R"("]}}, "ship": {"needs": "build", "pipeline": "q"},
                    "late": {"needs": "ship", "wait": {"approval": {}}},
                    "end": {"needs": "late", "task": "t"}}},
      "q": {"steps": {"ok": {"wait": {"approval": {}}}}}})";
  };
  Play first(pipelines("./one"));
  play_but(first, "end");
  Play same(pipelines("./one"));
  EXPECT_THAT(second_run(same, first),
              ElementsAre("open ", "reused build", "open ship", "reused ship/ok", "succeeded ship",
                          "reused late", "start end"));
  Play other(pipelines("./two"));
  second_run(other, first);
  other.succeed("build");
  EXPECT_THAT(other.step(), ElementsAre("succeeded build", "open ship", "wait ship/ok"));
  EXPECT_THAT(other.differs("ship/ok"), ElementsAre("pipeline"));
  other.succeed("ship/ok");
  EXPECT_THAT(other.step(), ElementsAre("succeeded ship/ok", "succeeded ship", "wait late"));
}

TEST(PipelineRerun, GivesOutputsThatAreThoseOfThisRun) {
  const auto pipeline = [](const std::string& outputs) {
    return R"({"p": {"steps": {
        "a": {"task": "t", "outputs": )" +
           outputs + R"(},
        "w": {"wait": {"approval": {}}, "outputs": {"what": "${{ run.pipeline }}"}},
        "b": {"needs": ["a", "w"], "task": "t"}}}})";
  };
  const std::string who = R"({"who": "${{ params.who }}", "n": "${{ result.n }}"})";
  Play first(pipeline(who), R"({"who": "ann", "other": 1})");
  play_but(first, "b", R"({"n": 1})");
  EXPECT_EQ(first.records().at("a").outputs, R"({"who":"ann","n":1})");

  Play same(pipeline(who), R"({"who": "ann", "other": 2})");
  EXPECT_THAT(second_run(same, first), ElementsAre("open ", "reused a", "wait w"));
  Play bob(pipeline(who), R"({"who": "bob", "other": 1})");
  EXPECT_THAT(second_run(bob, first), ElementsAre("open ", "start a", "wait w"));
  EXPECT_THAT(bob.differs("a"), ElementsAre("outputs"));
  Play other(pipeline(R"({"n": "${{ result.n }}"})"), R"({"who": "ann", "other": 1})");
  EXPECT_THAT(second_run(other, first), ElementsAre("open ", "start a", "reused w"));
  Play none(pipeline(R"({})"), R"({"who": "ann", "other": 1})");
  EXPECT_THAT(second_run(none, first), ElementsAre("open ", "start a", "reused w"));
}

TEST(PipelineRerun, ReusesNothingFromAStepThatIsNotThere) {
  Play first(with_build("./one"));
  play_but(first, "deploy");
  EXPECT_TRUE(check_anew(first.plan(), {"test", "ok"}));
  const Status typo = check_anew(first.plan(), {"test", "biuld"});
  ASSERT_FALSE(typo);
  EXPECT_EQ(typo.error().code, Code::invalid_argument);
  EXPECT_THAT(typo.error().message, HasSubstr("no step \"biuld\"; did you mean \"build\"?"));
  EXPECT_THAT(check_anew(first.plan(), {"ok[0]/x"}).error().message, HasSubstr("all of \"ok\""));
  EXPECT_THAT(reusable_of(first.plan(), first.records(), {"biuld"}), IsEmpty());
  EXPECT_EQ(reusable_of(first.plan(), first.records(), {"test"}).size(), 1U);
}

}  // namespace
}  // namespace waybill::pipeline
