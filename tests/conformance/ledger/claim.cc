// Ledger::claim: order, selection, limits.

#include <gmock/gmock.h>

#include "core/priority.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST_P(LedgerConformance, AClaimIsALeaseThroughTheTransitionFunction) {
  insert_one(a_task(1));
  const Task before = get(task_id(1));
  clock_.advance(3s);
  const auto claimed = claim(1, {.worker = "w1", .lease = 20s});
  ASSERT_EQ(claimed.size(), 1u);
  const auto change = change_of(before, event::Claim{.worker = "w1", .lease = 20s});
  EXPECT_EQ(claimed[0].status, change.after);
  EXPECT_EQ(claimed[0].request, before.request);
  EXPECT_EQ(claimed[0].created_at, before.created_at);
  EXPECT_EQ(get(task_id(1)).status, change.after);
  EXPECT_EQ(reader().history(task_id(1))->back(), change.entry);
}

TEST_P(LedgerConformance, ATaskIsClaimedOnce) {
  insert_one(a_task(1));
  EXPECT_EQ(claim(5).size(), 1u);
  EXPECT_TRUE(claim(5).empty());
}

TEST_P(LedgerConformance, AClaimEndsWithTheTaskThatReachesItsBytes) {
  std::vector<TaskRequest> tasks = some_tasks(1, 100);
  for (TaskRequest& task : tasks) task.params = R"({"x":")" + std::string(1000, 'x') + "\"}";
  insert(tasks);
  EXPECT_THAT(ids_of(claim(100, {.bytes_max = 2500})),
              ElementsAre(task_id(1), task_id(2), task_id(3)));
  EXPECT_THAT(ids_of(claim(100, {.bytes_max = 1})), ElementsAre(task_id(4)));
  const std::size_t some = claim(100, {.bytes_max = 60'000}).size();
  EXPECT_GT(some, 50u);
  EXPECT_LT(some, 61u);
  EXPECT_EQ(claim(100, {.bytes_max = 1 << 20}).size(), 96 - some) << "none of them is lost";
}

TEST_P(LedgerConformance, NothingIsClaimedFromAQueueThatWasNotNamed) {
  insert({a_task(1).queue("a"), a_task(2).queue("b")});
  EXPECT_THAT(ids_of(claim(5, {.queues = {"b", "unknown"}})), ElementsAre(task_id(2)));
}

TEST_P(LedgerConformance, TasksOfOneRankAreClaimedInTheOrderOfTheirAcceptance) {
  insert(some_tasks(1, 3));
  insert(some_tasks(4, 5));
  EXPECT_THAT(ids_of(claim(4)), ElementsAre(task_id(1), task_id(2), task_id(3), task_id(4)));
  EXPECT_THAT(ids_of(claim(4)), ElementsAre(task_id(5)));
}

TEST_P(LedgerConformance, AHigherPriorityGoesFirst) {
  insert({a_task(1).priority(-1), a_task(2), a_task(3).priority(kPriorityMax),
          a_task(4).priority(kPriorityMin), a_task(5).priority(3)});
  EXPECT_THAT(ids_of(claim(9)),
              ElementsAre(task_id(3), task_id(5), task_id(2), task_id(1), task_id(4)));
}

TEST_P(LedgerConformance, AnOldTaskOvertakesAYoungOneOfHigherPriority) {
  insert_one(a_task(1));
  clock_.advance(2 * kAgePerPriority);
  insert({a_task(2).priority(1), a_task(3).priority(3)});
  EXPECT_THAT(ids_of(claim(9)), ElementsAre(task_id(3), task_id(1), task_id(2)));
}

TEST_P(LedgerConformance, SeveralQueuesAreLookedAtTogetherByRank) {
  insert_one(a_task(1).queue("a"));
  clock_.advance(1s);
  insert_one(a_task(2).queue("b"));
  clock_.advance(1s);
  insert({a_task(3).queue("a"), a_task(4).queue("b").priority(1)});
  const std::vector<std::string> queues = {"b", "a"};
  EXPECT_THAT(ids_of(claim(2, {.queues = queues})), ElementsAre(task_id(4), task_id(1)));
  EXPECT_THAT(ids_of(claim(5, {.queues = queues})), ElementsAre(task_id(2), task_id(3)));
}

TEST_P(LedgerConformance, AClaimThatNamesNoQueueTakesFromEveryQueueByRank) {
  insert({a_task(1).queue("a"), a_task(2).queue("b").priority(1)});
  ASSERT_TRUE(registry().put_queue({.name = "unused"}));
  const ClaimParams any_queue{.worker = "w", .limit = 9};
  EXPECT_THAT(ids_of(ledger().claim(any_queue).value()), ElementsAre(task_id(2), task_id(1)));
  insert({a_task(3).queue("appeared-later"), a_task(4)});
  EXPECT_THAT(ids_of(ledger().claim(any_queue).value()), ElementsAre(task_id(3), task_id(4)));
}

TEST_P(LedgerConformance, AClaimThatNamesNoQueueKeepsToWhatElseItAsksAndToTheQueuesSettings) {
  ASSERT_TRUE(registry().set_queue_paused("paused", true));
  ASSERT_TRUE(registry().put_queue({.name = "narrow", .concurrency_max = 1}));
  insert({a_task(1).queue("paused"), a_task(2).queue("narrow"), a_task(3).queue("narrow"),
          a_task(4).queue("wide"), a_task(5).queue("wide").kind("http"), a_task(6)});
  EXPECT_THAT(ids_of(ledger().claim({.kinds = {"http"}, .worker = "w", .limit = 9}).value()),
              ElementsAre(task_id(5)));
  const ClaimParams by_id{.only_ids = {task_id(1), task_id(6)}, .worker = "w", .limit = 9};
  EXPECT_THAT(ids_of(ledger().claim(by_id).value()), ElementsAre(task_id(6)));
  EXPECT_THAT(ids_of(ledger().claim({.worker = "w", .limit = 9}).value()),
              ElementsAre(task_id(2), task_id(4)));
}

TEST_P(LedgerConformance, AQueueThatIsNamedTwiceGivesEachTaskOnce) {
  insert(some_tasks(1, 3));
  EXPECT_EQ(claim(9, {.queues = {"default", "default"}}).size(), 3u);
}

TEST_P(LedgerConformance, OnlyTheKindsThatAreAskedForAreClaimed) {
  insert({a_task(1).kind("command"), a_task(2).kind("noop"), a_task(3).kind("http")});
  EXPECT_THAT(ids_of(claim(9, {.kinds = {"http", "noop"}})), ElementsAre(task_id(2), task_id(3)));
  EXPECT_THAT(ids_of(claim(9)), ElementsAre(task_id(1)));
}

TEST_P(LedgerConformance, KindsBehindManyOthersAreFound) {
  std::vector<TaskRequest> tasks = some_tasks(1, 500);
  tasks.push_back(a_task(501).kind("rare"));
  insert(tasks);
  EXPECT_THAT(ids_of(claim(2, {.kinds = {"rare"}})), ElementsAre(task_id(501)));
}

TEST_P(LedgerConformance, OnlyTheIdsThatAreAskedForAreClaimedAndByRank) {
  insert({a_task(1), a_task(2), a_task(3).priority(5)});
  EXPECT_THAT(ids_of(claim(9, {.only_ids = {task_id(1), task_id(3), task_id(99)}})),
              ElementsAre(task_id(3), task_id(1)));
}

TEST_P(LedgerConformance, AnIdIsNotClaimedInAStateOtherThanReady) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)}), a_task(3).run_at(clock_.now() + 1h)});
  claim_id(task_id(1));
  EXPECT_TRUE(claim(9, {.only_ids = {task_id(1), task_id(2), task_id(3)}}).empty());
}

TEST_P(LedgerConformance, AnIdIsNotClaimedFromAQueueOrForAKindThatWasNotNamed) {
  insert({a_task(1).queue("a"), a_task(2).kind("http")});
  EXPECT_TRUE(claim(9, {.kinds = {"noop"}, .only_ids = {task_id(1), task_id(2)}}).empty());
}

TEST_P(LedgerConformance, AnIdThatIsNamedTwiceIsClaimedOnce) {
  insert_one(a_task(1));
  EXPECT_EQ(claim(9, {.only_ids = {task_id(1), task_id(1)}}).size(), 1u);
}

TEST_P(LedgerConformance, NothingIsClaimedFromAPausedQueue) {
  insert({a_task(1).queue("a"), a_task(2).queue("b")});
  ASSERT_TRUE(registry().set_queue_paused("a", true));
  const std::vector<std::string> queues = {"a", "b"};
  EXPECT_THAT(ids_of(claim(9, {.queues = queues})), ElementsAre(task_id(2)));
  EXPECT_TRUE(claim(9, {.queues = queues, .only_ids = {task_id(1)}}).empty());
  ASSERT_TRUE(registry().set_queue_paused("a", false));
  EXPECT_THAT(ids_of(claim(9, {.queues = queues})), ElementsAre(task_id(1)));
}

TEST_P(LedgerConformance, AQueueNeverHasMoreLeasesThanItsLimit) {
  ASSERT_TRUE(registry().put_queue({.name = "default", .concurrency_max = 2}));
  insert(some_tasks(1, 4));
  const auto first = claim(9);
  EXPECT_THAT(ids_of(first), ElementsAre(task_id(1), task_id(2)));
  EXPECT_TRUE(claim(9, {.only_ids = {task_id(3)}}).empty());
  succeed(first[0]);
  EXPECT_THAT(ids_of(claim(9)), ElementsAre(task_id(3)));
  ASSERT_TRUE(registry().put_queue({.name = "default", .concurrency_max = 0}));
  EXPECT_THAT(ids_of(claim(9)), ElementsAre(task_id(4)));
}

TEST_P(LedgerConformance, AFullQueueDoesNotHoldUpAnother) {
  ASSERT_TRUE(registry().put_queue({.name = "a", .concurrency_max = 1}));
  insert({a_task(1).queue("a"), a_task(2).queue("a"), a_task(3).queue("b")});
  EXPECT_THAT(ids_of(claim(9, {.queues = {"a", "b"}})), ElementsAre(task_id(1), task_id(3)));
}

TEST_P(LedgerConformance, ALimitFreesAPlaceForEachWayALeaseCanEnd) {
  ASSERT_TRUE(registry().put_queue({.name = "default", .concurrency_max = 1}));
  insert(some_tasks(1, 2));
  const Task first = claim_id(task_id(1));
  EXPECT_TRUE(claim(9).empty());
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = first.status.fence}));
  const Task second = claim_id(task_id(2));
  ASSERT_TRUE(happen(task_id(2), event::Snooze{second.status.fence, clock_.now() + 1h}));
  const Task third = claim_id(task_id(1));
  clock_.advance(1min);
  ASSERT_TRUE(happen(task_id(1), event::Expire{}));
  EXPECT_EQ(claim_id(task_id(1)).status.fence, third.status.fence + 1);
}

TEST_P(LedgerConformance, ATaskThatIsGivenBackKeepsItsPlace) {
  insert_one(a_task(1));
  clock_.advance(1s);
  insert_one(a_task(2));
  const Task leased = claim_id(task_id(1));
  clock_.advance(1s);
  ASSERT_TRUE(happen(task_id(1), event::GiveBack{.fence = leased.status.fence}));
  EXPECT_THAT(ids_of(claim(9)), ElementsAre(task_id(1), task_id(2)));
}

TEST_P(LedgerConformance, AClaimCarriesWhatTheNextAttemptNeeds) {
  insert_one(a_task(1));
  const Task first = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Fail{.fence = 1, .error = "no route"}));
  clock_.advance(10s);
  ASSERT_TRUE(happen(task_id(1), event::Due{}));
  const Task second = claim_one();
  EXPECT_EQ(first.status.attempt, 1u);
  EXPECT_EQ(second.status.attempt, 2u);
  EXPECT_EQ(second.status.fence, 2u);
  EXPECT_EQ(second.status.failures, 1u);
  EXPECT_EQ(second.status.error, "no route");
}

}  // namespace
}  // namespace waybill
