// Ledger::apply: compare-and-set, dependencies, dedup keys of tasks that live again.

#include <gmock/gmock.h>

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

Event permanent_failure(const Task& leased) {
  return event::Fail{.fence = leased.status.fence,
                     .failure_class = FailureClass::permanent,
                     .error = "no such host"};
}

TEST_P(LedgerConformance, AChangeIsKeptWithAllItsFields) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  clock_.advance(2s);
  const Change change =
      change_of(leased, event::Succeed{.fence = leased.status.fence, .result = R"({"n":1})"});
  ASSERT_TRUE(apply_one(change));
  EXPECT_EQ(get(task_id(1)).status, change.after);
  EXPECT_EQ(reader().history(task_id(1))->back(), change.entry);
}

TEST_P(LedgerConformance, ACancelRequestIsKeptWithAllItsFields) {
  insert_one(a_task(1));
  claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Cancel{.by = "ann", .reason = "wrong bucket"}));
  const CancelRequest expected{.requested_at = clock_.now(), .by = "ann", .reason = "wrong bucket"};
  EXPECT_EQ(get(task_id(1)).status.cancel, expected);
  EXPECT_EQ(state(task_id(1)), State::leased);
}

TEST_P(LedgerConformance, ApplyAnswersEachChangeInOrder) {
  insert(some_tasks(1, 3));
  const auto leased = claim(3);
  succeed(leased[1]);
  std::vector<Change> changes;
  for (const Task& task : leased) {
    changes.push_back(change_of(task, event::Succeed{.fence = task.status.fence}));
  }
  changes[2].id = task_id(9);
  changes[2].handle = 0;
  const auto answers = ledger().apply(changes);
  ASSERT_TRUE(answers.has_value());
  ASSERT_EQ(answers->size(), 3u);
  EXPECT_TRUE((*answers)[0].has_value());
  EXPECT_EQ((*answers)[1].error().code, Code::aborted);
  EXPECT_EQ((*answers)[2].error().code, Code::not_found);
  EXPECT_EQ(state(task_id(3)), State::leased);
}

TEST_P(LedgerConformance, AChangeOfARemovedTaskIsNotFoundAlsoByItsHandle) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  succeed(leased);
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  insert_one(a_task(2));
  const Status late = apply_one(change_of(leased, event::Succeed{.fence = leased.status.fence}));
  EXPECT_EQ(late.error().code, Code::not_found);
  EXPECT_EQ(state(task_id(2)), State::ready);
}

TEST_P(LedgerConformance, AChangeWorksWithoutAHandle) {
  insert_one(a_task(1));
  Change change = change_of(claim_one(), event::Succeed{.fence = 1});
  change.handle = 0;
  EXPECT_TRUE(apply_one(change));
  EXPECT_EQ(state(task_id(1)), State::succeeded);
}

TEST_P(LedgerConformance, AnOldFenceIsRefusedAndChangesNothing) {
  insert_one(a_task(1));
  const Task first = claim_one();
  clock_.advance(1min);
  ASSERT_TRUE(happen(task_id(1), event::Expire{}));
  claim_one();
  const Task before = get(task_id(1));
  const Status late = apply_one(change_of(first, event::Succeed{.fence = first.status.fence}));
  EXPECT_EQ(late.error().code, Code::aborted);
  EXPECT_EQ(get(task_id(1)).status, before.status);
  EXPECT_EQ(reader().history(task_id(1))->size(), 4u);
}

TEST_P(LedgerConformance, EachPartOfFromIsCompared) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  const Change right = change_of(leased, event::Succeed{.fence = leased.status.fence});
  Change other_state = right;
  other_state.from.state = State::ready;
  Change other_fence = right;
  other_fence.from.fence += 1;
  Change other_revision = right;
  other_revision.from.revision += 1;
  Change other_lease = right;
  other_lease.from_lease_until = leased.status.lease_until + 1us;
  for (const Change& wrong : {other_state, other_fence, other_revision, other_lease}) {
    const Status refused = apply_one(wrong);
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::aborted);
  }
  EXPECT_EQ(get(task_id(1)).status, leased.status);
  EXPECT_TRUE(apply_one(right));
}

TEST_P(LedgerConformance, AChangeThatIsAppliedAgainIsAborted) {
  insert_one(a_task(1));
  const Change change = change_of(claim_one(), event::Succeed{.fence = 1});
  ASSERT_TRUE(apply_one(change));
  EXPECT_EQ(apply_one(change).error().code, Code::aborted);
  EXPECT_EQ(all_events().size(), 3u);
}

TEST_P(LedgerConformance, TwoChangesOfOneTaskInOneCallFollowEachOtherOrTheSecondIsAborted) {
  insert(some_tasks(1, 2));
  const auto leased = claim(2);
  const Change give_back = change_of(leased[0], event::GiveBack{.fence = 1});
  Task given_back = leased[0];
  given_back.status = give_back.after;
  const Change again = change_of(given_back, event::Cancel{.by = "ann"});
  const Change done = change_of(leased[1], event::Succeed{.fence = 1});
  const auto answers = ledger().apply(std::vector<Change>{give_back, again, done, done});
  ASSERT_TRUE(answers.has_value());
  EXPECT_TRUE((*answers)[0].has_value());
  EXPECT_TRUE((*answers)[1].has_value());
  EXPECT_TRUE((*answers)[2].has_value());
  EXPECT_EQ((*answers)[3].error().code, Code::aborted);
  EXPECT_EQ(state(task_id(1)), State::cancelled);
}

TEST_P(LedgerConformance, ACancelBetweenReadAndWriteIsNotLost) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  const Change stale = change_of(leased, event::GiveBack{.fence = leased.status.fence});
  ASSERT_TRUE(happen(task_id(1), event::Cancel{.by = "ann"}));
  EXPECT_EQ(apply_one(stale).error().code, Code::aborted);
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = leased.status.fence}));
  EXPECT_EQ(state(task_id(1)), State::cancelled);
}

TEST_P(LedgerConformance, AHeartbeatBeatsAnExpiryThatWasReadBefore) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  clock_.advance(1min);
  const Change expire = change_of(leased, event::Expire{});
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 30s), ExtendOutcome::extended);
  EXPECT_EQ(apply_one(expire).error().code, Code::aborted);
  EXPECT_EQ(state(task_id(1)), State::leased);
}

TEST_P(LedgerConformance, AHeartbeatDoesNotDisturbTheHoldersOtherChanges) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  clock_.advance(1s);
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 30s), ExtendOutcome::extended);
  EXPECT_TRUE(apply_one(change_of(leased, event::Succeed{.fence = leased.status.fence})));
}

TEST_P(LedgerConformance, ASuccessTakesEachWaiterOneStepFurther) {
  insert({a_task(1), a_task(2), a_task(3).waits_for({task_id(1), task_id(2)}),
          a_task(4).waits_for({task_id(1)})});
  succeed(claim_id(task_id(1)));
  EXPECT_EQ(state(task_id(3)), State::blocked);
  EXPECT_EQ(get(task_id(3)).status.waiting_for, 1u);
  EXPECT_EQ(state(task_id(4)), State::ready);
  succeed(claim_id(task_id(2)));
  EXPECT_EQ(state(task_id(3)), State::ready);
}

TEST_P(LedgerConformance, AWaiterIsReadyFromTheMomentOfTheLastSuccess) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)})});
  const Task leased = claim_one();
  const Task before = get(task_id(2));
  clock_.advance(5s);
  succeed(leased);
  const Change step = change_of(before, event::DependencySucceeded{});
  EXPECT_EQ(get(task_id(2)).status, step.after);
  EXPECT_EQ(reader().history(task_id(2))->back(), step.entry);
}

TEST_P(LedgerConformance, ManyWaitersOfOneTaskAreAllUnblockedByIt) {
  std::vector<TaskRequest> tasks = {a_task(1)};
  for (int i = 2; i <= 300; ++i) tasks.push_back(a_task(i).waits_for({task_id(1)}));
  insert(tasks);
  EXPECT_EQ(count("default", State::blocked), 299);
  succeed(claim_one());
  EXPECT_EQ(count("default", State::blocked), 0);
  EXPECT_EQ(count("default", State::ready), 299);
}

TEST_P(LedgerConformance, TwoDependenciesThatSucceedInOneCallBothCount) {
  insert({a_task(1), a_task(2), a_task(3).waits_for({task_id(1), task_id(2)})});
  std::vector<Change> changes;
  for (const Task& task : claim(2)) {
    changes.push_back(change_of(task, event::Succeed{.fence = task.status.fence}));
  }
  ASSERT_TRUE(ledger().apply(changes).has_value());
  EXPECT_EQ(state(task_id(3)), State::ready);
  EXPECT_EQ(reader().history(task_id(3))->size(), 3u);
}

TEST_P(LedgerConformance, OnlyASuccessUnblocks) {
  insert(
      {a_task(1), a_task(2), a_task(3).waits_for({task_id(1)}), a_task(4).waits_for({task_id(2)})});
  const Task failed = claim_id(task_id(1));
  ASSERT_TRUE(apply_one(change_of(failed, permanent_failure(failed))));
  ASSERT_TRUE(happen(task_id(2), event::Cancel{.by = "ann"}));
  EXPECT_EQ(state(task_id(3)), State::blocked);
  EXPECT_EQ(state(task_id(4)), State::blocked);
  ASSERT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
  succeed(claim_one());
  EXPECT_EQ(state(task_id(3)), State::ready);
}

TEST_P(LedgerConformance, AWaiterThatWasCancelledKeepsCountForARetry) {
  insert({a_task(1), a_task(2), a_task(3).waits_for({task_id(1), task_id(2)})});
  ASSERT_TRUE(happen(task_id(3), event::Cancel{.by = "ann"}));
  succeed(claim_id(task_id(1)));
  EXPECT_EQ(state(task_id(3)), State::cancelled);
  ASSERT_TRUE(happen(task_id(3), event::Retry{.by = "ann"}));
  EXPECT_EQ(state(task_id(3)), State::blocked);
  succeed(claim_id(task_id(2)));
  EXPECT_EQ(state(task_id(3)), State::ready);
}

TEST_P(LedgerConformance, AChainIsUnblockedLinkByLink) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)}), a_task(3).waits_for({task_id(2)})});
  succeed(claim_one());
  EXPECT_EQ(state(task_id(3)), State::blocked);
  succeed(claim_one());
  EXPECT_EQ(claim_one().id(), task_id(3));
}

TEST_P(LedgerConformance, ARetriedTaskHoldsItsKeyAgain) {
  insert_one(a_task(1).dedup("k"));
  const Task leased = claim_one();
  ASSERT_TRUE(apply_one(change_of(leased, permanent_failure(leased))));
  ASSERT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
  EXPECT_EQ(insert_one(a_task(2).dedup("k")), InsertOutcome::duplicate);
}

TEST_P(LedgerConformance, ATaskWhoseKeyIsTakenCannotLiveAgain) {
  insert_one(a_task(1).dedup("k"));
  const Task leased = claim_one();
  ASSERT_TRUE(apply_one(change_of(leased, permanent_failure(leased))));
  insert_one(a_task(2).dedup("k"));
  const Status retried = happen(task_id(1), event::Retry{.by = "ann"});
  ASSERT_FALSE(retried.has_value());
  EXPECT_EQ(retried.error().code, Code::already_exists);
  EXPECT_NE(retried.error().message.find(to_string(task_id(2))), std::string::npos);
  EXPECT_EQ(state(task_id(1)), State::failed);
  succeed(claim_one());
  EXPECT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
}

TEST_P(LedgerConformance, ATaskWithAForeverKeyCanBeRetried) {
  insert_one(a_task(1).dedup("k", DedupScope::forever));
  const Task leased = claim_one();
  ASSERT_TRUE(apply_one(change_of(leased, permanent_failure(leased))));
  EXPECT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
  EXPECT_EQ(state(task_id(1)), State::ready);
}

}  // namespace
}  // namespace waybill
