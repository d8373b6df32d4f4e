// Waits of a run: who ends them, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "core/pipeline/run_fixture.h"

namespace waybill::pipeline {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* kOfAllKinds = R"({"p": {"steps": {
    "t": {"task": "t"}, "ok": {"wait": {"approval": {}}}, "pause": {"wait": {"for": "10m"}},
    "up": {"wait": {"http": {"url": "https://x/"}}}}}})";

TEST(PipelineEnded, IsOfTheKindThatRunsThere) {
  Play play(kOfAllKinds);
  play.step();
  const auto after = [&](const std::string& path, EndedKind kind,
                         NodeState state = NodeState::succeeded) {
    play.run().ended({.path = path, .state = state, .result = "", .error = "", .kind = kind});
    return play.step();
  };
  for (int i = 0; i < 2; ++i) {
    EXPECT_THAT(after("t", EndedKind::approval), IsEmpty());
    EXPECT_THAT(after("t", EndedKind::answer), IsEmpty());
    EXPECT_THAT(after("ok", EndedKind::task), IsEmpty());
    EXPECT_THAT(after("ok", EndedKind::answer), IsEmpty());
    EXPECT_THAT(after("up", EndedKind::approval), IsEmpty());
    EXPECT_THAT(after("pause", EndedKind::unsaid), IsEmpty()) << "its time ends it";
    EXPECT_THAT(after("t", EndedKind::task, NodeState::running), IsEmpty());
    EXPECT_THAT(after("ok", EndedKind::approval, NodeState::skipped), IsEmpty());
    play.reopen();
  }
  EXPECT_THAT(after("t", EndedKind::task), ElementsAre("succeeded t"));
  EXPECT_THAT(after("ok", EndedKind::approval), ElementsAre("succeeded ok"));
  EXPECT_THAT(after("up", EndedKind::answer), ElementsAre("succeeded up"));
}

TEST(PipelineApproval, ComesTooLateAfterTheTimeoutThoughItIsToldFirst) {
  constexpr const char* kTwo = R"({"p": {"steps": {
      "late": {"wait": {"approval": {}}, "timeout": "1h"},
      "soon": {"wait": {"approval": {}}, "timeout": "1h"}}}})";
  Play play(kTwo);
  play.step();
  const Time begun = play.now();
  play.pass(std::chrono::hours(3));  // nobody was there to hear of it
  play.reopen();
  const auto approve = [&](const std::string& path, Duration after) {
    play.run().ended({.path = path, .result = "", .error = "", .at = begun + after});
  };
  approve("late", std::chrono::hours(2));
  approve("soon", std::chrono::minutes(59));
  EXPECT_THAT(play.step(), ElementsAre("succeeded soon", "failed late", "failed "));

  Play limited(R"({"p": {"timeout": "1h", "steps": {
      "ok": {"wait": {"approval": {}}}, "deploy": {"needs": "ok", "task": "t"}}}})");
  limited.step();
  limited.pass(std::chrono::hours(3));
  limited.run().ended(
      {.path = "ok", .result = "", .error = "", .at = begun + std::chrono::hours(2)});
  EXPECT_THAT(limited.step(), ElementsAre("cancel ", "cancelled ok", "skipped deploy", "failed "));
}

TEST(PipelineRun, HasNothingToDoAtItsTimeLimitOnceItHasEnded) {
  Play play(R"({"p": {"timeout": "1h", "steps": {"a": {"task": "t"}}}})");
  play.step();
  EXPECT_NE(play.run().next_at(), kTimeMax);
  play.succeed("a");
  play.step();
  EXPECT_TRUE(play.run().is_finished());
  EXPECT_EQ(play.run().next_at(), kTimeMax);
}

TEST(PipelineApproval, IsForWhoeverMayStartTheRunUnlessItSaysOtherwise) {
  Play play(R"({
      "p": {"who_may": {"github": {"repository": "a/b"}, "role": "admin"}, "steps": {
        "ok": {"wait": {"approval": {}}}, "in": {"pipeline": "q"},
        "own": {"wait": {"approval": {"who_may": {"people": ["ann"]}}}}}},
      "q": {"who_may": {"people": ["bob"]}, "steps": {"ok": {"wait": {"approval": {}}}}}})");
  play.step();
  const std::string rule =
      R"({"github":{"provider":"github","repository":"a/b","permission":"write"},"role":"admin"})";
  EXPECT_EQ(play.wait("ok").who_may, rule);
  EXPECT_EQ(play.wait("in/ok").who_may, rule);
  EXPECT_EQ(play.wait("own").who_may, R"({"people":["ann"]})");
  const auto read = Plan::read(play.plan().to_json_text());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ((*read)->root().definition.who_may, play.plan().root().definition.who_may);
}

}  // namespace
}  // namespace waybill::pipeline
