// Ledger::extend, record, overdue and remove.

#include <gmock/gmock.h>

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(LedgerConformance, AHeartbeatMovesTheEndOfTheLeaseAndNothingElse) {
  insert_one(a_task(1));
  Task leased = claim_one();
  clock_.advance(10s);
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 45s), ExtendOutcome::extended);
  leased.status.lease_until = clock_.now() + 45s;
  EXPECT_EQ(get(task_id(1)).status, leased.status);
  EXPECT_EQ(all_events().size(), 2u);
}

TEST_P(LedgerConformance, AHeartbeatStillCountsWhileNobodyHasExpiredTheLease) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  clock_.advance(1h);
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 30s), ExtendOutcome::extended);
  EXPECT_EQ(get(task_id(1)).status.lease_until, clock_.now() + 30s);
}

TEST_P(LedgerConformance, AHeartbeatLearnsOfACancelRequestAndStillExtends) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Cancel{.by = "ann"}));
  clock_.advance(10s);
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 30s), ExtendOutcome::cancel_requested);
  EXPECT_EQ(get(task_id(1)).status.lease_until, clock_.now() + 30s);
}

TEST_P(LedgerConformance, AHeartbeatIsLostOnceTheLeaseHasEndedOrHasAnotherFence) {
  insert_one(a_task(1));
  const Task first = claim_one();
  clock_.advance(1min);
  ASSERT_TRUE(happen(task_id(1), event::Expire{}));
  EXPECT_EQ(extend_one(task_id(1), first.status.fence, 30s), ExtendOutcome::lost);
  const Task second = claim_one();
  EXPECT_EQ(extend_one(task_id(1), first.status.fence, 30s), ExtendOutcome::lost);
  EXPECT_EQ(extend_one(task_id(1), second.status.fence + 1, 30s), ExtendOutcome::lost);
  EXPECT_EQ(get(task_id(1)).status, second.status);
  succeed(second);
  EXPECT_EQ(extend_one(task_id(1), second.status.fence, 30s), ExtendOutcome::lost);
}

TEST_P(LedgerConformance, HeartbeatsAreAnsweredInOrder) {
  insert(some_tasks(1, 3));
  const auto leased = claim(3);
  succeed(leased[1]);
  std::vector<Extension> extensions;
  for (const Task& task : leased) {
    extensions.push_back(
        {.id = task.id(), .handle = task.handle, .fence = task.status.fence, .lease = 60s});
  }
  extensions.push_back({.id = task_id(9), .fence = 1, .lease = 60s});
  const auto answers = ledger().extend(extensions);
  ASSERT_TRUE(answers.has_value());
  EXPECT_THAT(*answers, ElementsAre(ExtendOutcome::extended, ExtendOutcome::lost,
                                    ExtendOutcome::extended, ExtendOutcome::lost));
}

TEST_P(LedgerConformance, ProgressAndCheckpointAreKeptApartAndTheLatestOfEachWins) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  EXPECT_EQ(reader().reported(task_id(1))->progress, "");
  const auto report = [&](std::string progress, std::string checkpoint) {
    return record_one(
        {task_id(1), leased.status.fence, std::move(progress), std::move(checkpoint)});
  };
  ASSERT_TRUE(report(R"({"done":1})", R"({"at":10})"));
  ASSERT_TRUE(report(R"({"done":2})", ""));
  EXPECT_EQ(reader().reported(task_id(1))->progress, R"({"done":2})");
  EXPECT_EQ(reader().reported(task_id(1))->checkpoint, R"({"at":10})");
  ASSERT_TRUE(report("", R"({"at":20})"));
  EXPECT_EQ(reader().reported(task_id(1))->progress, R"({"done":2})");
  EXPECT_EQ(reader().reported(task_id(1))->checkpoint, R"({"at":20})");
  EXPECT_EQ(get(task_id(1)).status, leased.status);
}

TEST_P(LedgerConformance, ACheckpointOutlivesItsAttempt) {
  insert_one(a_task(1));
  const Task first = claim_one();
  ASSERT_TRUE(record_one({.id = task_id(1), .fence = first.status.fence, .checkpoint = "{}"}));
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = first.status.fence}));
  claim_one();
  EXPECT_EQ(reader().reported(task_id(1))->checkpoint, "{}");
}

TEST_P(LedgerConformance, AReportWithAnOldFenceIsAbortedAndChangesNothing) {
  insert_one(a_task(1));
  const Task first = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = first.status.fence}));
  const Task second = claim_one();
  ASSERT_TRUE(record_one({.id = task_id(1), .fence = second.status.fence, .checkpoint = "{}"}));
  const Status late =
      record_one({.id = task_id(1), .fence = first.status.fence, .checkpoint = R"({"old":1})"});
  EXPECT_EQ(late.error().code, Code::aborted);
  EXPECT_EQ(reader().reported(task_id(1))->checkpoint, "{}");
}

TEST_P(LedgerConformance, ReportsAreAnsweredInOrder) {
  insert(some_tasks(1, 2));
  claim(2);
  const auto answers = ledger().record(std::vector<Report>{
      {.id = task_id(1), .fence = 7, .progress = "{}"},
      {.id = task_id(2), .fence = 1, .progress = "{}"},
  });
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::aborted);
  EXPECT_TRUE((*answers)[1].has_value());
}

TEST_P(LedgerConformance, NothingIsOverdueInAnEmptyLedger) {
  const auto overdue = ledger().overdue(10);
  EXPECT_THAT(overdue->tasks, IsEmpty());
  EXPECT_EQ(overdue->next, kTimeMax);
}

TEST_P(LedgerConformance, LeasesAndDelaysFallDueAtTheirVeryMoment) {
  const Time start = clock_.now();
  insert({a_task(1), a_task(2).run_at(start + 10s)});
  claim(1, {.lease = 20s});
  EXPECT_EQ(ledger().overdue(10)->next, start + 10s);
  clock_.advance(10s - 1us);
  EXPECT_THAT(ledger().overdue(10)->tasks, IsEmpty());
  clock_.advance(1us);
  auto overdue = ledger().overdue(10);
  EXPECT_THAT(ids_of(overdue->tasks), ElementsAre(task_id(2)));
  EXPECT_EQ(overdue->next, start + 20s);
  clock_.advance(10s);
  overdue = ledger().overdue(10);
  EXPECT_THAT(ids_of(overdue->tasks), ElementsAre(task_id(2), task_id(1)));
  EXPECT_EQ(overdue->next, kTimeMax);
  EXPECT_EQ(overdue->tasks[1].status, get(task_id(1)).status);
}

TEST_P(LedgerConformance, OverdueComesOldestFirstUpToTheLimitAndSaysThatThereIsMore) {
  const Time start = clock_.now();
  insert(
      {a_task(1).run_at(start + 3s), a_task(2).run_at(start + 1s), a_task(3).run_at(start + 2s)});
  clock_.advance(1min);
  const auto overdue = ledger().overdue(2);
  EXPECT_THAT(ids_of(overdue->tasks), ElementsAre(task_id(2), task_id(3)));
  EXPECT_EQ(overdue->next, start + 3s);
}

TEST_P(LedgerConformance, OverdueChangesNothing) {
  insert_one(a_task(1).run_at(clock_.now() + 1s));
  clock_.advance(1min);
  ASSERT_EQ(ledger().overdue(10)->tasks.size(), 1u);
  EXPECT_EQ(ledger().overdue(10)->tasks.size(), 1u);
  EXPECT_EQ(all_events().size(), 1u);
}

TEST_P(LedgerConformance, WhatWasExpiredOrIsDueIsNotOverdueAnyMore) {
  insert({a_task(1), a_task(2).run_at(clock_.now() + 10s)});
  claim(1);
  clock_.advance(1min);
  const auto overdue = ledger().overdue(10);
  for (const Task& task : overdue->tasks) {
    const Event event = task.status.state == State::leased ? Event(event::Expire{}) : event::Due{};
    ASSERT_TRUE(apply_one(change_of(task, event)));
  }
  EXPECT_THAT(ledger().overdue(10)->tasks, IsEmpty());
  EXPECT_EQ(count("default", State::ready), 2);
}

TEST_P(LedgerConformance, OnlyFinishedTasksAreRemoved) {
  insert({a_task(1), a_task(2), a_task(3), a_task(4).waits_for({task_id(2)}),
          a_task(5).run_at(clock_.now() + 1h), a_task(6)});
  succeed(claim_id(task_id(1)));
  claim_id(task_id(2));
  ASSERT_TRUE(happen(task_id(6), event::Cancel{.by = "ann"}));
  std::vector<Uuid> all;
  for (int i = 1; i <= 7; ++i) all.push_back(task_id(i));
  const auto removed = ledger().remove(all, kTimeMax);
  ASSERT_TRUE(removed.has_value());
  EXPECT_THAT(*removed, ::testing::UnorderedElementsAre(task_id(1), task_id(6)));
  EXPECT_EQ(reader().get(task_id(1)).error().code, Code::not_found);
  EXPECT_EQ(reader().history(task_id(1)).error().code, Code::not_found);
  EXPECT_EQ(reader().reported(task_id(6)).error().code, Code::not_found);
  EXPECT_EQ(state(task_id(4)), State::blocked);
}

TEST_P(LedgerConformance, ATaskThatOthersWaitForIsNotRemovedUntilTheyAre) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)})});
  ASSERT_TRUE(happen(task_id(1), event::Cancel{.by = "ann"}));
  EXPECT_THAT(*ledger().remove(task_ids({1}), kTimeMax), IsEmpty());
  EXPECT_EQ(state(task_id(1)), State::cancelled);

  // A cancelled one may be retried, and waits again then.
  ASSERT_TRUE(happen(task_id(2), event::Cancel{.by = "ann"}));
  EXPECT_THAT(*ledger().remove(task_ids({1}), kTimeMax), IsEmpty());
  EXPECT_EQ(*ledger().remove(task_ids({2, 1}), kTimeMax), task_ids({2, 1}));
}

TEST_P(LedgerConformance, ATaskThatEndedLaterThanItsRemoverMeansIsNotRemoved) {
  insert({a_task(1), a_task(2)});
  for (int i : {1, 2}) ASSERT_TRUE(happen(task_id(i), event::Cancel{.by = "ann"}));
  clock_.advance(1h);
  const Time meant = clock_.now();
  clock_.advance(1s);
  ASSERT_TRUE(happen(task_id(1), event::Retry{.by = "ann"}));
  succeed(claim_id(task_id(1)));
  EXPECT_EQ(*ledger().remove(task_ids({1, 2}), meant), task_ids({2}));
  EXPECT_EQ(state(task_id(1)), State::succeeded);

  const Time end = reader().get(task_id(1))->status.finished_at;
  EXPECT_THAT(*ledger().remove(task_ids({1}), end), IsEmpty()) << "strictly before";
  EXPECT_EQ(*ledger().remove(task_ids({1}), end + 1us), task_ids({1}));
}

TEST_P(LedgerConformance, RemovingAgainRemovesNothing) {
  insert_one(a_task(1));
  succeed(claim_one());
  EXPECT_EQ(ledger().remove(std::vector<Uuid>{task_id(1), task_id(1)}, kTimeMax)->size(), 1u);
  EXPECT_THAT(*ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax), IsEmpty());
}

TEST_P(LedgerConformance, AWaiterOfARemovedSuccessIsNotHeldUp) {
  insert({a_task(1), a_task(2), a_task(3).waits_for({task_id(1), task_id(2)})});
  succeed(claim_id(task_id(1)));
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  succeed(claim_id(task_id(2)));
  EXPECT_EQ(state(task_id(3)), State::ready);
}

}  // namespace
}  // namespace waybill
