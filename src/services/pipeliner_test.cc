// Runs are carried on by what becomes of their tasks, over crashes and by several servers.

#include "services/pipeliner.h"

#include "tests/services/pipeliner_fixture.h"

namespace waybill {
namespace {

using testing::HasSubstr;

TEST_F(PipelinerTest, StepsRunOneAfterAnotherAndTheRunGivesItsOutputs) {
  const Uuid id = start("chain", R"({"day": 3})");
  EXPECT_EQ(state(id), "waiting");
  settle();
  EXPECT_EQ(state(id), "running");
  EXPECT_EQ(task(id, "a").request.params, R"({"day":3})");
  EXPECT_EQ(task(id, "a").request.created_by, "run:" + to_string(id));
  EXPECT_FALSE(has_task(id, "b"));
  succeed(id, "a", R"({"n": 7})");
  settle();
  EXPECT_EQ(task(id, "b").request.params, R"({"from":7})");
  succeed(id, "b", R"({"n": 8})");
  settle();
  EXPECT_EQ(state(id), "succeeded");
  EXPECT_EQ(run(id).outputs, R"({"sum":8})");
  EXPECT_TRUE(pipeliner_->at_rest().is_at_rest);
  EXPECT_EQ(pipeliner_->at_rest().live, 1u) << "it was when it was looked for last";
  settle();
  EXPECT_EQ(pipeliner_->at_rest().live, 0u);
}

TEST_F(PipelinerTest, AStepThatFailsFailsTheRunWithItsError) {
  const Uuid id = start("chain");
  settle();
  fail_task(id, "a", "disk full");
  settle();
  EXPECT_EQ(state(id), "failed");
  EXPECT_EQ(kept_node(id, "a").record.error, "disk full");
  EXPECT_EQ(node(id, "b"), "skipped");
}

TEST_F(PipelinerTest, AServerThatStartsAnewGoesOnWhereTheLastOneWas) {
  const Uuid id = start("wide");
  settle();
  succeed(id, "list", R"({"items": ["x", "y", "z"]})");
  settle();
  succeed(id, "each[1]", R"({"n": 1})");
  begin();
  settle();
  EXPECT_EQ(node(id, "each[1]"), "succeeded");
  succeed(id, "each[0]");
  settle();
  begin();
  succeed(id, "each[2]");
  settle();
  EXPECT_EQ(state(id), "succeeded");
  EXPECT_EQ(ledger_.page({.limit = 100})->tasks.size(), 4u);
}

TEST_F(PipelinerTest, WhatIsWrittenInPiecesIsWhole) {
  batch_ = 2;
  begin();
  const Uuid id = start("wide");
  settle();
  succeed(id, "list", R"({"items": [1, 2, 3, 4, 5]})");
  settle();
  EXPECT_TRUE(has_task(id, "each[4]"));
  for (int i = 0; i < 5; ++i) succeed(id, "each[" + std::to_string(i) + "]");
  settle();
  EXPECT_EQ(state(id), "succeeded");
}

TEST_F(PipelinerTest, WhatIsHeavyIsWrittenInPiecesThatMemoryHolds) {
  const Uuid id = start("heavy");
  settle();
  succeed(id, "list",
          R"({"big": ")" + std::string(900'000, 'x') +
              R"(", "items": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]})");
  settle();
  EXPECT_TRUE(has_task(id, "each[17]"));
  EXPECT_GT(store_.heaviest, std::size_t{1} << 20);
  EXPECT_LT(store_.heaviest, std::size_t{10} << 20);
}

TEST_F(PipelinerTest, ChangesThatTheLedgerHasForgottenAreNotMissed) {
  const Uuid id = start("chain");
  settle();
  succeed(id, "a");
  reader_.forgets = true;
  settle();
  EXPECT_EQ(node(id, "a"), "succeeded");
}

TEST_F(PipelinerTest, ATaskThatRetentionRemovedUnseenFailsItsStep) {
  const Uuid id = start("chain");
  settle();
  succeed(id, "a");
  const Uuid task = pipeline::task_id(id, "a");
  ASSERT_EQ(ledger_.remove(std::span(&task, 1), clock_.now() + std::chrono::hours(1))->size(), 1u);
  settle();
  EXPECT_EQ(state(id), "failed");
}

TEST_F(PipelinerTest, AnApprovalLetsTheRunGoOnAndSaysByWhom) {
  const Uuid id = start("gate");
  settle();
  succeed(id, "a");
  settle();
  EXPECT_EQ(node(id, "ok"), "running");
  const auto wait = desk_->approval(id, "");
  ASSERT_TRUE(wait);
  ASSERT_TRUE(desk_->decide(id, wait->path, {.approved = true, .by = "ann", .comment = "fine"}));
  EXPECT_EQ(desk_->approval(id, "ok").error().code, Code::failed_precondition);
  settle();
  EXPECT_EQ(task(id, "b").request.params, R"({"by":"ann"})");
}

TEST_F(PipelinerTest, AnAnswerThatCameWhileNobodyWasThereIsHeard) {
  const Uuid id = start("gate");
  settle();
  succeed(id, "a");
  settle();
  ASSERT_TRUE(desk_->decide(id, "ok", {.approved = false, .by = "bob", .comment = "not today"}));
  begin();
  settle();
  EXPECT_EQ(kept_node(id, "ok").record.error, "rejected by bob: not today");
  EXPECT_EQ(node(id, "b"), "skipped");
  succeed(id, "tidy");
  settle();
  EXPECT_EQ(state(id), "failed");
}

TEST_F(PipelinerTest, AnApprovalThatDoesNotComeInTimeFails) {
  const Uuid id = start("gate");
  settle();
  succeed(id, "a");
  settle();
  EXPECT_NE(run(id).next_at, Time{});
  clock_.advance(std::chrono::hours(1));
  settle();
  EXPECT_EQ(node(id, "ok"), "failed");
}

TEST_F(PipelinerTest, ATimeIsWaitedForOverARestart) {
  const Uuid id = start("later");
  settle();
  EXPECT_TRUE(pipeliner_->at_rest().is_at_rest);
  clock_.advance(std::chrono::minutes(9));
  begin();
  settle();
  EXPECT_FALSE(has_task(id, "b"));
  EXPECT_FALSE(pipeliner_->at_rest().is_at_rest) << "it is due within a minute";
  clock_.advance(std::chrono::minutes(1));
  settle();
  EXPECT_TRUE(has_task(id, "b"));
}

TEST_F(PipelinerTest, AUrlIsAskedUntilItAnswersAsItShould) {
  const Uuid id = start("asks");
  settle();
  ask_urls();
  settle();
  ask_urls();
  EXPECT_EQ(http_.requests().size(), 1u) << "not before `every` has passed";
  EXPECT_EQ(node(id, "up"), "running");
  EXPECT_FALSE(pipeliner_->at_rest().is_at_rest);
  status_ = 200;
  clock_.advance(std::chrono::seconds(10));
  begin();
  settle();
  ask_urls();
  settle();
  EXPECT_EQ(task(id, "b").request.params, R"({"status":200})");
}

TEST_F(PipelinerTest, AUrlThatDoesNotAnswerInTimeFailsItsStepAndIsAskedNoMore) {
  const Uuid id = start("asks");
  settle();
  clock_.advance(std::chrono::minutes(1));
  settle();
  EXPECT_EQ(state(id), "failed");
  ask_urls();
  EXPECT_TRUE(http_.requests().empty());
}

TEST_F(PipelinerTest, ACancelEndsWhatRunsAndLetsCleanUpRun) {
  const Uuid id = start("gate");
  settle();
  ASSERT_TRUE(desk_->cancel(id, {pipeline::Stop::cancel, "cli:ann", "wrong day"}));
  settle();
  EXPECT_EQ(task(id, "a").status.state, State::cancelled);
  settle();
  EXPECT_THAT(kept_node(id, "a").record.error, HasSubstr("cancelled by cli:ann: wrong day"));
  EXPECT_EQ(node(id, "ok"), "skipped");
  EXPECT_EQ(state(id), "running");
  succeed(id, "tidy");
  settle();
  EXPECT_EQ(state(id), "cancelled");
}

TEST_F(PipelinerTest, ACancelAtOnceEndsCleanUpToo) {
  const Uuid id = start("gate");
  settle();
  ASSERT_TRUE(desk_->cancel(id, {pipeline::Stop::at_once, "cli:ann", ""}));
  settle();
  settle();
  EXPECT_EQ(state(id), "cancelled");
  EXPECT_FALSE(has_task(id, "tidy"));
}

TEST_F(PipelinerTest, ATaskThatWasToEndIsAskedAgainByTheNextServer) {
  const Uuid id = start("gate");
  settle();
  const Task claimed = claim(id, "a");
  // As if the server had ended between writing that down and asking the task.
  ASSERT_TRUE(store_.settle({.id = id,
                             .holder = "one",
                             .at = clock_.now(),
                             .tasks = {},
                             .nodes = {pipeline::change_of(pipeline::action::Cancel{
                                           .path = "", .id = {}, .reason = "by ann"}),
                                       pipeline::change_of(pipeline::action::Cancel{
                                           .path = "a", .id = {}, .reason = "by ann"})},
                             .outputs = {},
                             .error = {}}));
  begin();
  settle();
  EXPECT_TRUE(task(id, "a").status.cancel.requested());
}

TEST_F(PipelinerTest, ATaskOfAStepThatWasCancelledByHandCountsAsCancelled) {
  const Uuid id = start("chain");
  settle();
  apply(task(id, "a"), event::Cancel{.by = "cli:ann", .reason = "no"});
  settle();
  EXPECT_EQ(state(id), "cancelled");
}

TEST_F(PipelinerTest, ATaskOfAStepIsNotRetriedByHand) {
  const Uuid id = start("chain");
  settle();
  fail_task(id, "a");
  const auto change =
      transition(task(id, "a"), event::Retry{.by = "cli:ann"}, {.now = clock_.now(), .chance = 0});
  ASSERT_FALSE(change);
  EXPECT_EQ(change.error().code, Code::failed_precondition);
  EXPECT_THAT(change.error().message, HasSubstr("`waybill run retry " + to_string(id) + "`"));
}

TEST_F(PipelinerTest, ARetryDoesAgainOnlyWhatDidNotSucceed) {
  const Uuid first = start("chain", R"({"day": 3})");
  settle();
  succeed(first, "a", R"({"n": 7})");
  settle();
  EXPECT_EQ(desk_->plan_retry({.id = ids_.next(clock_.now()), .of = first}).error().code,
            Code::failed_precondition);
  fail_task(first, "b");
  settle();
  const auto retry =
      desk_->plan_retry({.id = ids_.next(clock_.now()), .of = first, .created_by = "cli:ann"});
  ASSERT_TRUE(retry);
  const Uuid second = desk_->start(*retry)->id;
  settle();
  EXPECT_TRUE(kept_node(second, "a").is_reused);
  EXPECT_FALSE(has_task(second, "a"));
  EXPECT_EQ(task(second, "b").request.params, R"({"from":7})");
  const auto why = desk_->explain(second, {});
  ASSERT_TRUE(why);
  EXPECT_EQ(why->at(0).is, StepReason::Is::reused);
  EXPECT_EQ(why->at(1).is, StepReason::Is::unfinished);
}

TEST_F(PipelinerTest, WithOtherParamsTheFieldsThatDifferAreNamed) {
  const Uuid first = start("chain", R"({"day": 3})");
  settle();
  succeed(first, "a", R"({"n": 7})");
  settle();
  succeed(first, "b", R"({"n": 8})");
  settle();
  const Uuid second = start("chain", R"({"day": 4})", first);
  settle();
  EXPECT_TRUE(has_task(second, "a"));
  auto why = desk_->explain(second, {});
  ASSERT_EQ(why->size(), 1u);
  EXPECT_EQ(why->front().is, StepReason::Is::differs);
  EXPECT_THAT(why->front().fields, testing::ElementsAre("params.day"));
  succeed(second, "a", R"({"n": 7})");
  settle();
  EXPECT_EQ(state(second), "succeeded") << "what step b is given is the same";
  const Uuid third = start("chain", R"({"day": 4})", second, {"b"});
  settle();
  settle();
  EXPECT_TRUE(kept_node(third, "a").is_reused);
  EXPECT_TRUE(has_task(third, "b"));
  why = desk_->explain(third, {});
  EXPECT_EQ(why->at(1).is, StepReason::Is::asked);
  EXPECT_EQ(desk_->explain(first, {}).error().code, Code::failed_precondition);
  EXPECT_EQ(desk_->explain(first, third)->at(0).fields.size(), 1u);
}

TEST_F(PipelinerTest, WhatCannotRunIsRefusedAtTheStart) {
  const auto refused = [&](StartRun start) {
    start.id = ids_.next(clock_.now());
    return desk_->start(start).error();
  };
  EXPECT_THAT(refused({.pipeline = "chian"}).message, HasSubstr("did you mean \"chain\""));
  EXPECT_EQ(refused({.pipeline = "chain", .params = "[]"}).code, Code::invalid_argument);
  EXPECT_THAT(refused({.pipeline = "chain", .anew = {"c"}}).message, HasSubstr("has no step"));
  EXPECT_EQ(refused({.pipeline = "chain", .reuse_from = ids_.next(clock_.now())}).code,
            Code::not_found);
  const Uuid other = start("gate");
  EXPECT_EQ(refused({.pipeline = "chain", .reuse_from = other}).code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
