// Runs hand on what their tasks leave, also over restarts and to runs that reuse them.

#include <gmock/gmock.h>

#include "core/pipeline/inputs.h"
#include "tests/services/pipeliner_fixture.h"

namespace waybill {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class PipelinerArtifactsTest : public PipelinerTest {
 protected:
  /// Ends a task that leaves a file of this name and digest.
  void leave(const Uuid& run, const std::string& path, const std::string& name, char digit) {
    const Task claimed = claim(run, path);
    const Artifact artifact{.name = name,
                            .sha256 = std::string(64, digit),
                            .size_bytes = 3,
                            .media_type = "text/csv",
                            .created_at = {}};
    ASSERT_TRUE(artifacts_.record(
        {.task = claimed.id(), .fence = claimed.status.fence, .artifacts = {artifact}},
        clock_.now()));
    apply(claimed, event::Succeed{.fence = claimed.status.fence, .result = ""});
  }
};

TEST_F(PipelinerArtifactsTest, AStepIsGivenWhatAnotherLeftWhoeverCarriesTheRunOn) {
  const Uuid id = start("files");
  settle();
  leave(id, "make", "a.csv", 'a');
  begin("two");
  clock_.advance(std::chrono::seconds(10));
  settle();
  EXPECT_THAT(task(id, "use").request.spec,
              HasSubstr(R"("inputs":[{"name":"in.csv","sha256":")" + std::string(64, 'a')));
  EXPECT_THAT(kept_node(id, "make").record.artifacts, HasSubstr("a.csv"));
  EXPECT_EQ(kept_node(id, "use").record.artifacts, "");
  EXPECT_GT(kept_node(id, "use").record.bytes, 0u);
  succeed(id, "use");
  settle();
  EXPECT_EQ(state(id), "succeeded");
}

TEST_F(PipelinerArtifactsTest, ARunThatReusesAStepIsGivenWhatThatLeft) {
  const Uuid first = start("files");
  settle();
  leave(first, "make", "a.csv", 'a');
  settle();
  fail_task(first, "use");
  settle();
  const Uuid second = start("files", "{}", first);
  settle();
  EXPECT_TRUE(kept_node(second, "make").is_reused);
  EXPECT_THAT(task(second, "use").request.spec, HasSubstr(std::string(64, 'a')));
  fail_task(second, "use");
  settle();
  // Through two runs, the task is the first one's.
  const Uuid third = start("files", "{}", second);
  settle();
  EXPECT_TRUE(kept_node(third, "make").is_reused);
  EXPECT_THAT(task(third, "use").request.spec, HasSubstr(std::string(64, 'a')));
}

TEST_F(PipelinerArtifactsTest, WhatRetentionHasRemovedIsMadeAgain) {
  const Uuid first = start("files");
  settle();
  leave(first, "make", "a.csv", 'a');
  settle();
  fail_task(first, "use");
  settle();
  const Uuid second = start("files", "{}", first);
  settle();
  fail_task(second, "use");
  settle();
  const Uuid gone = pipeline::task_id(first, "make");
  ASSERT_EQ(ledger_.remove(std::span(&gone, 1), clock_.now() + std::chrono::hours(1))->size(), 1u);
  const Uuid third = start("files", "{}", second);
  settle();
  EXPECT_FALSE(kept_node(third, "make").is_reused);
  EXPECT_EQ(node(third, "make"), "running");
  leave(third, "make", "a.csv", 'b');
  settle();
  EXPECT_THAT(task(third, "use").request.spec, HasSubstr(std::string(64, 'b')));
}

TEST_F(PipelinerArtifactsTest, AStepThatShowsNoneIsNotAskedForThem) {
  const Uuid id = start("chain");
  settle();
  leave(id, "a", "a.csv", 'a');
  settle();
  EXPECT_EQ(kept_node(id, "a").record.artifacts, "");
  EXPECT_THAT(task(id, "b").request.spec, Not(HasSubstr("inputs")));
}

TEST_F(PipelinerArtifactsTest, TheFileThatDiffersIsNamed) {
  const Uuid first = start("files");
  settle();
  leave(first, "make", "a.csv", 'a');
  settle();
  succeed(first, "use");
  settle();
  const Uuid second = start("files", R"({"day": 2})", first);
  settle();
  leave(second, "make", "a.csv", 'b');
  settle();
  const auto reasons = desk_->explain(second, {});
  ASSERT_TRUE(reasons) << reasons.error().message;
  std::vector<std::string> said;
  for (const StepReason& reason : *reasons) {
    for (const std::string& field : reason.fields) said.push_back(reason.path + " " + field);
  }
  EXPECT_THAT(said, ElementsAre("make params.day", "use inputs.in.csv"));
}

}  // namespace
}  // namespace waybill
