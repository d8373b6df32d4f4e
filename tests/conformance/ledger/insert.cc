// Ledger::insert: acceptance, duplicates, dependencies.

#include <gmock/gmock.h>

#include "core/queue_limit.h"
#include "tests/conformance/ledger/suite.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

TEST_P(LedgerConformance, InsertKeepsEveryFieldOfARequest) {
  TaskRequest request = a_task(1)
                            .queue("fetch")
                            .kind("command")
                            .definition("fetch-page")
                            .spec(R"({"argv":["true"]})")
                            .params(R"({"name":"gr\u00fcn \u0000"})")
                            .priority(-7)
                            .run_at(clock_.now() + 90s)
                            .run_time_max(15min)
                            .dedup("page/1", DedupScope::forever)
                            .label("team", "blue")
                            .label("why", "")
                            .created_by("cli:ann");
  request.retry = {.failures_max = 9,
                   .worker_deaths_max = 2,
                   .backoff_first = 7s,
                   .backoff_max = 70s,
                   .backoff_factor = 1.5,
                   .jitter = 0.125};
  EXPECT_EQ(insert_one(request), InsertOutcome::inserted);
  const Task task = get(request.id);
  EXPECT_EQ(task.request, request);
  EXPECT_EQ(task.created_at, clock_.now());
  EXPECT_EQ(task.status, accept(request, 0, clock_.now()).status);
}

TEST_P(LedgerConformance, InsertAnswersInTheOrderOfTheRequests) {
  insert_one(a_task(2));
  const auto answers = insert(some_tasks(1, 3));
  EXPECT_EQ(answers[0].id, task_id(1));
  EXPECT_EQ(answers[0].outcome, InsertOutcome::inserted);
  EXPECT_EQ(answers[1].id, task_id(2));
  EXPECT_EQ(answers[1].outcome, InsertOutcome::duplicate);
  EXPECT_EQ(answers[2].id, task_id(3));
  EXPECT_EQ(answers[2].outcome, InsertOutcome::inserted);
}

TEST_P(LedgerConformance, InsertSaysWhenATaskWasCreated) {
  clock_.advance(7s);
  const auto answers = insert(some_tasks(1, 1));
  EXPECT_EQ(answers[0].created_at, get(task_id(1)).created_at);
}

TEST_P(LedgerConformance, InsertOfNothingAnswersNothing) {
  EXPECT_TRUE(insert({}).empty());
  EXPECT_TRUE(all_events().empty());
}

TEST_P(LedgerConformance, AnInvalidRequestKeepsTheWholeCallOut) {
  const auto answers = ledger().insert(a_batch({a_task(1), a_task(2).kind("No Kind")}));
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code, Code::invalid_argument);
  EXPECT_EQ(reader().get(task_id(1)).error().code, Code::not_found);
  EXPECT_TRUE(all_events().empty());
}

TEST_P(LedgerConformance, AskingAgainWithTheSameIdChangesNothing) {
  insert_one(a_task(1).params(R"({"n":1})"));
  const Task before = get(task_id(1));
  clock_.advance(1s);
  EXPECT_EQ(insert_one(a_task(1).params(R"({"n":2})").queue("other")), InsertOutcome::duplicate);
  EXPECT_EQ(get(task_id(1)).request, before.request);
  EXPECT_EQ(get(task_id(1)).status, before.status);
  EXPECT_EQ(all_events().size(), 1u);
}

TEST_P(LedgerConformance, AnIdTwiceInOneCallIsInsertedOnce) {
  const auto answers = insert({a_task(1), a_task(1)});
  EXPECT_EQ(answers[0].outcome, InsertOutcome::inserted);
  EXPECT_EQ(answers[1].outcome, InsertOutcome::duplicate);
  EXPECT_EQ(count("default", State::ready), 1);
}

TEST_P(LedgerConformance, ALiveKeyKeepsASecondTaskOutWhileTheFirstIsLive) {
  insert_one(a_task(1).dedup("k"));
  const auto while_ready = insert({a_task(2).dedup("k")});
  EXPECT_EQ(while_ready[0].outcome, InsertOutcome::duplicate);
  EXPECT_EQ(while_ready[0].id, task_id(1));
  const Task leased = claim_one();
  EXPECT_EQ(insert_one(a_task(3).dedup("k")), InsertOutcome::duplicate);
  succeed(leased);
  EXPECT_EQ(insert_one(a_task(4).dedup("k")), InsertOutcome::inserted);
  EXPECT_EQ(reader().get(task_id(2)).error().code, Code::not_found);
}

TEST_P(LedgerConformance, ALiveKeyIsFreeAfterFailureAndCancelToo) {
  insert({a_task(1).dedup("a"), a_task(2).dedup("b")});
  const Task leased = claim_id(task_id(1));
  ASSERT_TRUE(happen(task_id(1), event::Fail{.fence = leased.status.fence,
                                             .failure_class = FailureClass::permanent}));
  ASSERT_TRUE(happen(task_id(2), event::Cancel{.by = "ann"}));
  EXPECT_EQ(insert_one(a_task(3).dedup("a")), InsertOutcome::inserted);
  EXPECT_EQ(insert_one(a_task(4).dedup("b")), InsertOutcome::inserted);
}

TEST_P(LedgerConformance, AKeyTwiceInOneCallIsTakenByTheFirst) {
  const auto answers = insert({a_task(1).dedup("k"), a_task(2).dedup("k"), a_task(3)});
  EXPECT_EQ(answers[0].outcome, InsertOutcome::inserted);
  EXPECT_EQ(answers[1].outcome, InsertOutcome::duplicate);
  EXPECT_EQ(answers[1].id, task_id(1));
  EXPECT_EQ(answers[2].outcome, InsertOutcome::inserted);
}

TEST_P(LedgerConformance, TasksWithoutAKeyNeverKeepEachOtherOut) {
  const auto answers = insert(some_tasks(1, 2));
  EXPECT_EQ(answers[1].outcome, InsertOutcome::inserted);
}

TEST_P(LedgerConformance, AForeverKeyIsSpentAlsoAfterItsTaskWasFinishedAndRemoved) {
  insert_one(a_task(1).dedup("k", DedupScope::forever));
  succeed(claim_one());
  EXPECT_EQ(insert_one(a_task(2).dedup("k", DedupScope::forever)), InsertOutcome::duplicate);
  EXPECT_EQ(insert_one(a_task(3).dedup("k", DedupScope::live)), InsertOutcome::duplicate);
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  const auto answers = insert({a_task(4).dedup("k", DedupScope::forever)});
  EXPECT_EQ(answers[0].outcome, InsertOutcome::duplicate);
  EXPECT_EQ(answers[0].id, task_id(1));
}

TEST_P(LedgerConformance, AnInsertedTaskIsToldWhenItWasAccepted) {
  const auto answers = insert({a_task(1), a_task(2)});
  for (const Inserted& inserted : answers) {
    EXPECT_EQ(inserted.created_at, reader().get(inserted.id)->created_at);
  }
}

TEST_P(LedgerConformance, TheHolderOfAKeyIsTheTaskThatKeepsOthersOut) {
  EXPECT_TRUE(dedup_keys().holder("k")->is_nil());
  EXPECT_TRUE(dedup_keys().holder("")->is_nil());
  insert({a_task(1).dedup("k", DedupScope::forever), a_task(2).dedup("l", DedupScope::live),
          a_task(3)});
  EXPECT_EQ(*dedup_keys().holder("k"), task_id(1));
  EXPECT_EQ(*dedup_keys().holder("l"), task_id(2));
  EXPECT_TRUE(dedup_keys().holder("")->is_nil()) << "a task without a key holds none";
  EXPECT_TRUE(dedup_keys().holder("K")->is_nil());
  for (const Task& task : claim(3)) succeed(task);
  EXPECT_EQ(*dedup_keys().holder("k"), task_id(1));
  EXPECT_TRUE(dedup_keys().holder("l")->is_nil()) << "free again";
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  EXPECT_EQ(*dedup_keys().holder("k"), task_id(1)) << "spent, though the task was removed";
}

TEST_P(LedgerConformance, AForeverTaskTakesOverAKeyThatALiveOneHasGivenUp) {
  insert_one(a_task(1).dedup("k", DedupScope::live));
  EXPECT_EQ(insert_one(a_task(2).dedup("k", DedupScope::forever)), InsertOutcome::duplicate);
  succeed(claim_one());
  EXPECT_EQ(insert_one(a_task(3).dedup("k", DedupScope::forever)), InsertOutcome::inserted);
  succeed(claim_one());
  EXPECT_EQ(insert_one(a_task(4).dedup("k", DedupScope::live)), InsertOutcome::duplicate);
}

TEST_P(LedgerConformance, KeysAreComparedByBytes) {
  insert_one(a_task(1).dedup("Key"));
  EXPECT_EQ(insert_one(a_task(2).dedup("key")), InsertOutcome::inserted);
  EXPECT_EQ(insert_one(a_task(3).dedup(std::string("Key\0", 4))), InsertOutcome::inserted);
}

TEST_P(LedgerConformance, ARemovedIdIsUnknownAgain) {
  insert_one(a_task(1));
  succeed(claim_one());
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  EXPECT_EQ(insert_one(a_task(1)), InsertOutcome::inserted);
  EXPECT_EQ(state(task_id(1)), State::ready);
}

TEST_P(LedgerConformance, AQueueTooManyKeepsTheWholeCallOutAndTheOthersGoOn) {
  constexpr std::size_t kCall = 5'000;
  const auto in_queue = [](std::size_t queue) {
    return TaskRequest(a_task(static_cast<int>(queue) + 1).queue("q" + std::to_string(queue)));
  };
  for (std::size_t first = 0; first < kQueuesMax; first += kCall) {
    std::vector<TaskRequest> requests;
    for (std::size_t i = first; i < first + kCall; ++i) requests.push_back(in_queue(i));
    ASSERT_TRUE(ledger().insert(requests).has_value());
  }
  const TaskRequest more = a_task(20'001).queue("q3");
  const std::vector<TaskRequest> both = {more, in_queue(kQueuesMax)};
  const auto refused = ledger().insert(both);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::out_of_range);
  EXPECT_EQ(insert_one(more), InsertOutcome::inserted) << "it was not kept, and its queue goes on";
}

TEST_P(LedgerConformance, ATaskWithADependencyIsBlocked) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)})});
  EXPECT_EQ(state(task_id(2)), State::blocked);
  EXPECT_EQ(get(task_id(2)).status.waiting_for, 1u);
  EXPECT_EQ(claim_one().id(), task_id(1));
}

TEST_P(LedgerConformance, ADependencyMayComeLaterInTheCall) {
  insert({a_task(1).waits_for({task_id(2)}), a_task(2)});
  EXPECT_EQ(state(task_id(1)), State::blocked);
  succeed(claim_one());
  EXPECT_EQ(state(task_id(1)), State::ready);
}

TEST_P(LedgerConformance, ADependencyThatHasSucceededCountsAtOnce) {
  insert_one(a_task(1));
  succeed(claim_one());
  insert({a_task(2).waits_for({task_id(1)}), a_task(3)});
  EXPECT_EQ(state(task_id(2)), State::ready);
  insert_one(a_task(4).waits_for({task_id(1), task_id(3)}));
  EXPECT_EQ(get(task_id(4)).status.waiting_for, 1u);
}

TEST_P(LedgerConformance, ADependencyThatHasFailedStillBlocks) {
  insert_one(a_task(1));
  const Task leased = claim_one();
  ASSERT_TRUE(happen(task_id(1), event::Fail{.fence = leased.status.fence,
                                             .failure_class = FailureClass::permanent}));
  insert_one(a_task(2).waits_for({task_id(1)}));
  EXPECT_EQ(state(task_id(2)), State::blocked);
}

TEST_P(LedgerConformance, ADependencyNamedTwiceCountsOnce) {
  insert({a_task(1), a_task(2).waits_for({task_id(1), task_id(1)})});
  EXPECT_EQ(get(task_id(2)).status.waiting_for, 1u);
  succeed(claim_one());
  EXPECT_EQ(state(task_id(2)), State::ready);
  EXPECT_EQ(get(task_id(2)).request.waits_for.size(), 2u);
}

TEST_P(LedgerConformance, AnUnknownDependencyKeepsTheWholeCallOut) {
  const auto answers = ledger().insert(a_batch({a_task(1), a_task(2).waits_for({task_id(9)})}));
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code, Code::invalid_argument);
  EXPECT_NE(answers.error().message.find(to_string(task_id(9))), std::string::npos);
  EXPECT_EQ(reader().get(task_id(1)).error().code, Code::not_found);
}

TEST_P(LedgerConformance, TasksThatWaitForEachOtherInACircleAreRefused) {
  const auto answers =
      ledger().insert(a_batch({a_task(1).waits_for({task_id(3)}), a_task(2).waits_for({task_id(1)}),
                               a_task(3).waits_for({task_id(2)}), a_task(4)}));
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code, Code::invalid_argument);
  EXPECT_EQ(reader().get(task_id(4)).error().code, Code::not_found);
}

TEST_P(LedgerConformance, ADuplicateIsNotAskedForItsDependencies) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)})});
  succeed(claim_one());
  ASSERT_EQ(ledger().remove(std::vector<Uuid>{task_id(1)}, kTimeMax)->size(), 1u);
  EXPECT_EQ(insert_one(a_task(2).waits_for({task_id(1)})), InsertOutcome::duplicate);
}

TEST_P(LedgerConformance, ATaskOfTheFutureIsScheduled) {
  insert_one(a_task(1).run_at(clock_.now() + 10s));
  EXPECT_EQ(state(task_id(1)), State::scheduled);
  EXPECT_TRUE(claim(1).empty());
}

TEST_P(LedgerConformance, ABlockedTaskOfTheFutureIsScheduledWhenItsDependencySucceeds) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)}).run_at(clock_.now() + 10s)});
  succeed(claim_one());
  EXPECT_EQ(state(task_id(2)), State::scheduled);
}

TEST_P(LedgerConformance, OneCallTakesManyTasks) {
  const auto answers = insert(some_tasks(1, 2500));
  for (const Inserted& answer : answers) EXPECT_EQ(answer.outcome, InsertOutcome::inserted);
  EXPECT_EQ(count("default", State::ready), 2500);
}

}  // namespace
}  // namespace waybill
