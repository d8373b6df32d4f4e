// Ledger::apply of amendments: priority and time of a task that is there already.

#include <gmock/gmock.h>

#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

TEST_P(LedgerConformance, AnAmendmentIsKept) {
  insert_one(a_task(1));
  const Time later = clock_.now() + 1h;
  const event::Amend amend{.by = "ann", .priority = 7, .run_at = later};
  const Change change = change_of(get(task_id(1)), amend);
  ASSERT_TRUE(apply_one(change));
  const Task task = get(task_id(1));
  EXPECT_EQ(task.request.priority, 7);
  EXPECT_EQ(task.request.run_at, Time{});
  EXPECT_EQ(task.status, change.after);
  EXPECT_EQ(task.status.state, State::scheduled);
  EXPECT_EQ(reader().history(task_id(1))->back(), change.entry);
  EXPECT_EQ(all_events().back().entry, change.entry);
  EXPECT_EQ(count("default", State::scheduled), 1);
  EXPECT_EQ(count("default", State::ready), 0);
}

TEST_P(LedgerConformance, WhatAnAmendmentDoesNotNameStays) {
  TaskRequest request = a_task(1);
  request.priority = 3;
  insert_one(request);
  clock_.advance(1s);
  const TaskStatus before = get(task_id(1)).status;
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .run_at = clock_.now()}));
  EXPECT_EQ(get(task_id(1)).request.priority, 3);
  EXPECT_EQ(get(task_id(1)).status.run_at, before.run_at);
}

TEST_P(LedgerConformance, AnAmendedPriorityCountsInTheOrder) {
  insert(some_tasks(1, 3));
  ASSERT_TRUE(happen(task_id(3), event::Amend{.by = "ann", .priority = 1}));
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .priority = -1}));
  EXPECT_EQ(reader().ahead(task_id(1), 10).value(), 2u);
  EXPECT_THAT(ids_of(claim(3)), ElementsAre(task_id(3), task_id(2), task_id(1)));
}

TEST_P(LedgerConformance, ATaskThatIsAmendedToAnEqualPriorityKeepsItsPlace) {
  insert_one(a_task(1));
  clock_.advance(1s);
  insert_one(a_task(2));
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .priority = 0}));
  EXPECT_THAT(ids_of(claim(2)), ElementsAre(task_id(1), task_id(2)));
}

TEST_P(LedgerConformance, ATaskThatIsPutOffIsNotGivenBeforeItsTime) {
  insert_one(a_task(1));
  const Time later = clock_.now() + 1min;
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .run_at = later}));
  EXPECT_TRUE(claim(1).empty());
  EXPECT_EQ(ledger().overdue(10)->next, later);
  clock_.advance(1min);
  ASSERT_EQ(ledger().overdue(10)->tasks.size(), 1u);
}

TEST_P(LedgerConformance, ATaskThatIsBroughtForwardIsGivenAtOnce) {
  TaskRequest request = a_task(1);
  request.run_at = clock_.now() + 1h;
  insert_one(request);
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .run_at = clock_.now()}));
  EXPECT_EQ(claim_one().id(), task_id(1));
}

TEST_P(LedgerConformance, AnAmendmentOfALeasedTaskLeavesItsLease) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Amend{.by = "ann", .priority = 9}));
  EXPECT_EQ(extend_one(task_id(1), leased.status.fence, 1min), ExtendOutcome::extended);
  // What was read before has changed since; read anew, it is recorded.
  const event::GiveBack back{.fence = leased.status.fence, .reason = "stops"};
  EXPECT_EQ(apply_one(change_of(leased, back)).error().code, Code::aborted);
  ASSERT_TRUE(happen(task_id(1), back));
  insert_one(a_task(2));
  EXPECT_EQ(claim(1).front().request.priority, 9);
}

TEST_P(LedgerConformance, ABlockedTaskThatIsPutOffIsHeldBackUntilThen) {
  insert_one(a_task(1));
  TaskRequest waiting = a_task(2);
  waiting.waits_for = {task_id(1)};
  insert_one(waiting);
  const Time later = clock_.now() + 1min;
  ASSERT_TRUE(happen(task_id(2), event::Amend{.by = "ann", .priority = 4, .run_at = later}));
  EXPECT_EQ(state(task_id(2)), State::blocked);
  succeed(claim_one());
  EXPECT_EQ(state(task_id(2)), State::scheduled);
  EXPECT_EQ(get(task_id(2)).status.run_at, later);
  EXPECT_EQ(get(task_id(2)).request.priority, 4);
}

}  // namespace
}  // namespace waybill
