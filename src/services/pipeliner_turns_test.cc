// Whose turn a run is: by several servers, so many at a time, and what becomes of those that cannot
// be carried on.

#include "services/pipeliner.h"
#include "tests/services/pipeliner_fixture.h"

namespace waybill {
namespace {

using testing::HasSubstr;

TEST_F(PipelinerTest, ATimeLimitBeginsWithTheTurnOfARun) {
  const Uuid first = start("limited");
  const Uuid second = start("limited");
  settle();
  clock_.advance(std::chrono::minutes(50));
  succeed(first, "a");
  settle();
  settle();
  ASSERT_EQ(state(second), "running");
  clock_.advance(std::chrono::minutes(50));
  begin();
  settle();
  EXPECT_EQ(state(second), "running") << "it waited 50 minutes and ran 50";
  clock_.advance(std::chrono::minutes(11));
  settle();
  settle();
  EXPECT_EQ(state(second), "failed");
}

TEST_F(PipelinerTest, OneThatWaitsForItsTurnIsCancelledWithoutIt) {
  const Uuid first = start("one_at_a_time");
  const Uuid second = start("one_at_a_time");
  settle();
  ASSERT_TRUE(desk_->cancel(second, {pipeline::Stop::cancel, "cli:ann", ""}));
  settle();
  settle();
  EXPECT_EQ(state(second), "cancelled");
  EXPECT_FALSE(has_task(second, "a"));
  EXPECT_EQ(state(first), "running");
}

TEST_F(PipelinerTest, ManyRunsAreHeldByFewCalls) {
  for (int i = 0; i < 50; ++i) start("chain");
  settle();
  const std::size_t before = store_.hold_calls();
  for (int i = 0; i < 10; ++i) {
    clock_.advance(std::chrono::seconds(2));
    settle();
  }
  EXPECT_LE(store_.hold_calls() - before, 10u);
  begin("two");
  settle();
  EXPECT_LE(store_.hold_calls() - before, 11u) << "another server asks for all at once, too";
  EXPECT_FALSE(pipeliner_->at_rest().is_at_rest);
}

TEST_F(PipelinerTest, OneServerCarriesARunOnUntilItLetsGoOrIsGone) {
  const Uuid id = start("chain");
  settle();
  succeed(id, "a");
  begin("two");
  settle();
  EXPECT_EQ(node(id, "a"), "running");
  EXPECT_FALSE(pipeliner_->at_rest().is_at_rest) << "another server may have something to do";
  clock_.advance(std::chrono::seconds(4));
  settle();
  EXPECT_EQ(node(id, "a"), "succeeded");
  pipeliner_->release();
  begin("three");
  succeed(id, "b");
  settle();
  EXPECT_EQ(state(id), "succeeded");
}

TEST_F(PipelinerTest, SoManyRunsOfAPipelineRunAtATimeTheFirstFirst) {
  const Uuid first = start("one_at_a_time");
  const Uuid second = start("one_at_a_time");
  settle();
  EXPECT_EQ(state(first), "running");
  EXPECT_EQ(state(second), "waiting");
  succeed(first, "a");
  settle();
  settle();
  EXPECT_EQ(state(second), "running");
}

TEST_F(PipelinerTest, ARunWhosePlanIsGoneFailsAndHoldsNobodyUp) {
  const pipeline::KeptRun bad{.id = ids_.next(clock_.now()),
                              .pipeline = "chain",
                              .plan = pipeline::plan_digest("x"),
                              .priority = {},
                              .reuse_from = {},
                              .anew = {},
                              .created_by = "cli:ann",
                              .created_at = clock_.now(),
                              .outputs = {},
                              .error = {},
                              .stop = {}};
  ASSERT_TRUE(store_.create({.run = bad, .plan = "no plan"}));
  const Uuid good = start("chain");
  settle();
  EXPECT_TRUE(has_task(good, "a"));
  EXPECT_EQ(state(bad.id), "failed");
  EXPECT_THAT(run(bad.id).error, HasSubstr("it cannot be carried on"));
}

TEST_F(PipelinerTest, TasksOfARunThatCannotBeCarriedOnAreEnded) {
  const Uuid id = start("wide");
  settle();
  succeed(id, "list", R"({"items": ["x", "y"]})");
  settle();
  const Task claimed = claim(id, "each[0]");
  store_.lose_plan(run(id).plan);
  begin();
  settle();
  EXPECT_EQ(state(id), "failed");
  EXPECT_TRUE(task(id, "each[0]").status.cancel.requested()) << "it is with a worker";
  EXPECT_EQ(task(id, "each[1]").status.state, State::cancelled);
  EXPECT_THAT(task(id, "each[1]").status.cancel.reason, HasSubstr("it cannot be carried on"));
}

TEST_F(PipelinerTest, OldRunsAreRemoved) {
  const Uuid id = start("chain");
  settle();
  fail_task(id, "a");
  settle();
  clock_.advance(std::chrono::hours(25));
  settle();
  EXPECT_EQ(store_.get(id).error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
