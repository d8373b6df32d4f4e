// Runs hand on what their tasks leave, also over restarts and to runs that reuse them.

#include <gmock/gmock.h>

#include "core/pipeline/inputs.h"
#include "ports/known_tasks.h"
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
  /// A run of `files` whose first step has left a file.
  Uuid start_and_make() {
    const Uuid run = start("files");
    settle();
    leave(run, "make", "a.csv", 'a');
    settle();
    return run;
  }
  /// Of each step with which field it was done, or `reused` or `asked`.
  std::vector<std::string> why(const Uuid& run) {
    std::vector<std::string> said;
    const auto reasons = desk_->explain(run, {});
    EXPECT_TRUE(reasons) << reasons.error().message;
    for (const StepReason& reason : *reasons) {
      if (reason.fields.empty() && reason.is != StepReason::Is::undecided) {
        said.push_back(reason.path + " " + std::string(to_string(reason.is)));
      }
      for (const std::string& field : reason.fields) said.push_back(reason.path + " " + field);
    }
    return said;
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
  const Uuid first = start_and_make();
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
  const Uuid first = start_and_make();
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
  EXPECT_THAT(why(third), ElementsAre("make artifacts")) << "not that it was asked for";
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
  const Uuid first = start_and_make();
  succeed(first, "use");
  settle();
  const Uuid second = start("files", R"({"day": 2})", first);
  settle();
  leave(second, "make", "a.csv", 'b');
  settle();
  EXPECT_THAT(why(second), ElementsAre("make params.day", "use inputs.in.csv"));
}

TEST_F(PipelinerArtifactsTest, AStepThatIsDoneAnewIsSaidToBeAskedForAndWhatNeedsItToo) {
  const Uuid first = start_and_make();
  succeed(first, "use");
  settle();
  const Uuid second = start("files", "{}", first, {"make"});
  settle();
  leave(second, "make", "a.csv", 'a');
  settle();
  EXPECT_THAT(why(second), ElementsAre("make asked", "use asked"));
}

/// With a pipeline that has what was made shown to a person.
class ShownArtifactsTest : public PipelinerArtifactsTest {
 protected:
  ShownArtifactsTest() {
    shown_ = load_definitions({{{.file = "b.yaml",
                                 .directory = "/srv",
                                 .json = R"x({"tasks": {"t": {"kind": "noop", "queue": "q"}},
  "pipelines": {"shown": {"steps": {
      "make": {"task": "t"},
      "use": {"needs": "make", "task": {"command": ["./use"]},
              "inputs": {"in.csv": "${{ steps.make.artifacts['a.csv'] }}"}},
      "ok": {"needs": "use", "wait": {"approval": {}}}}}}})x"}}});
    EXPECT_TRUE(shown_.problems.empty());
    desk_ = std::make_unique<RunDesk>(RunDesk::Ports{
        .store = store_, .definitions = always(shown_.definitions), .clock = clock_});
  }
  DefinitionsLoad shown_;
};

TEST_F(ShownArtifactsTest, AWaitThatIsShownAgainNamesTheStepThatWasDoneAnew) {
  const Uuid first = start("shown");
  settle();
  leave(first, "make", "a.csv", 'a');
  settle();
  succeed(first, "use");
  settle();
  ASSERT_TRUE(desk_->decide(first, "ok", {.approved = true, .by = "ann"}));
  settle();
  ASSERT_EQ(state(first), "succeeded");
  const Uuid gone = pipeline::task_id(first, "make");
  ASSERT_EQ(ledger_.remove(std::span(&gone, 1), clock_.now() + std::chrono::hours(1))->size(), 1u);
  const Uuid second = start("shown", "{}", first);
  settle();
  // The same file: what is done with it is the same, and what a person says of it is asked again.
  leave(second, "make", "a.csv", 'a');
  settle();
  EXPECT_THAT(why(second), ElementsAre("make artifacts", "ok steps.use", "use reused"));
}

/// Counts what is asked of it, and answers for many at once as ledgers do.
class CountingReader final : public ForwardingReader, public KnownTasks {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    ++asked;
    return inner_.get(id);
  }
  Result<std::vector<bool>> known(std::span<const Uuid> ids) override {
    ++asked;
    return known_tasks(inner_, ids);
  }
  int asked = 0;
};

class ManyReusedTest : public PipelinerArtifactsTest {
 protected:
  static constexpr int kSteps = 5'000;

  ManyReusedTest() {
    many_ = load_definitions({{{.file = "b.yaml",
                                .directory = "/srv",
                                .json = R"x({"tasks": {"t": {"kind": "noop", "queue": "q"}},
  "pipelines": {"many": {"params": {"type": "object"}, "steps": {
      "make": {"task": "t", "for_each": "${{ params.items }}"},
      "use": {"needs": "make", "task": {"command": ["./use"]},
              "inputs": {"in": "${{ steps.make.artifacts }}"}}}}}})x"}}});
    EXPECT_TRUE(many_.problems.empty());
    desk_ = std::make_unique<RunDesk>(
        RunDesk::Ports{.store = store_, .definitions = always(many_.definitions), .clock = clock_});
    pipeliner_ = std::make_unique<Pipeliner>(
        Pipeliner::Ports{.store = store_,
                         .ledger = {.ledger = ledger_, .reader = counting_, .registry = ledger_},
                         .urls = *urls_,
                         .clock = clock_,
                         .chance = [] { return 0.5; },
                         .artifacts = &artifacts_},
        PipelinerParams{.holder = "one", .batch = 10'000, .keep = std::chrono::hours(24)});
  }
  static std::string items() {
    std::string text = R"({"items":[0)";
    for (int i = 1; i < kSteps; ++i) text += "," + std::to_string(i);
    return text + "]}";
  }

  DefinitionsLoad many_;
  CountingReader counting_{ledger_};
};

TEST_F(ManyReusedTest, FiveThousandReusedStepsAreLookedForAtOnce) {
  const Uuid first = start("many", items());
  settle();
  for (int i = 0; i < kSteps; ++i) leave(first, "make[" + std::to_string(i) + "]", "a", 'a');
  settle();
  fail_task(first, "use");
  settle();
  const Uuid second = start("many", items(), first);
  counting_.asked = 0;
  settle();
  EXPECT_TRUE(kept_node(second, "make[4999]").is_reused);
  EXPECT_LT(counting_.asked, 10);
  fail_task(second, "use");
  settle();
  // Of one of them retention has removed the task, two runs back.
  const Uuid gone = pipeline::task_id(first, "make[7]");
  ASSERT_EQ(ledger_.remove(std::span(&gone, 1), clock_.now() + std::chrono::hours(1))->size(), 1u);
  const Uuid third = start("many", items(), second);
  counting_.asked = 0;
  settle();
  EXPECT_LT(counting_.asked, 10);
  EXPECT_TRUE(kept_node(third, "make[8]").is_reused);
  EXPECT_FALSE(kept_node(third, "make[7]").is_reused);
}

}  // namespace
}  // namespace waybill
