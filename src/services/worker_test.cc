#include "services/worker.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>

#include "services/hint.h"
#include "services/test_support/worker_fixture.h"
#include "testing/fake_queue.h"

namespace waybill {
namespace {

using std::chrono::seconds;

TEST_F(WorkerTest, RunsATaskAndRecordsItsResult) {
  insert({work(1)});
  step();
  ASSERT_EQ(executor_.started.size(), 1U);
  EXPECT_EQ(state(1), State::leased);
  EXPECT_EQ(get(1).status.worker, "w1");
  executor_.finish(executor_.started[0], outcome::Succeeded{.result = R"({"n":1})"});
  step();
  EXPECT_EQ(state(1), State::succeeded);
  EXPECT_EQ(get(1).status.result, R"({"n":1})");
  EXPECT_EQ(worker_.held(), 0U);
}

TEST_F(WorkerTest, ClaimsNoMoreThanItsFreeSlots) {
  insert({work(1), work(2), work(3)});
  step();
  EXPECT_EQ(executor_.started.size(), 2U);
  step();
  EXPECT_EQ(executor_.started.size(), 2U);
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  step();
  EXPECT_EQ(executor_.started.size(), 3U);
}

TEST_F(WorkerTest, InlineTasksAreClaimedAndCompletedInBatchesBesideTheSlots) {
  insert(some_tasks(1, 600));
  EXPECT_EQ(step(), Duration(0));  // the claim was full, so there is more
  EXPECT_EQ(ledger_.applied, std::vector<std::size_t>{512});
  EXPECT_GT(step(), Duration(0));
  EXPECT_EQ(ledger_.applied, (std::vector<std::size_t>{512, 88}));
  EXPECT_EQ(state(600), State::succeeded);
}

TEST_F(WorkerTest, CompletionsOfManyRunsGoIntoOneCall) {
  insert({work(1), work(2)});
  step();
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  executor_.finish(executor_.started[1], outcome::Failed{.error = "no route"});
  step();
  EXPECT_EQ(ledger_.applied, std::vector<std::size_t>{2});
  EXPECT_EQ(state(1), State::succeeded);
  EXPECT_EQ(state(2), State::scheduled);
  EXPECT_EQ(get(2).status.error, "no route");
}

TEST_F(WorkerTest, BeatsForAllLeasesInOneCall) {
  insert({work(1), work(2)});
  pass(seconds(35));
  EXPECT_EQ(ledger_.extended, (std::vector<std::size_t>{2, 2, 2}));
  EXPECT_GT(get(1).status.lease_until, fake_.now());
  EXPECT_TRUE(executor_.stops.empty());
}

TEST_F(WorkerTest, ACancelStopsTheRunAndItsProofIsKept) {
  insert({work(1)});
  step();
  cancel(1);
  pass(seconds(1));
  EXPECT_TRUE(ledger_.extended.empty());  // it does not wait for the beat
  ASSERT_EQ(executor_.stops.size(), 1U);
  EXPECT_EQ(executor_.stops[0].second, StopReason::cancel);
  executor_.finish(executor_.started[0], outcome::Stopped{.proof = R"({"signal":15})"});
  step();
  EXPECT_EQ(state(1), State::cancelled);
  EXPECT_EQ(get(1).status.result, R"({"signal":15})");
}

TEST_F(WorkerTest, ASuccessCountsThoughACancelCameInBetween) {
  insert({work(1)});
  step();
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  cancel(1);  // raises the revision: the first apply is refused, the second is made anew
  step();
  EXPECT_EQ(state(1), State::succeeded);
}

TEST_F(WorkerTest, ALostLeaseStopsTheRunAndDiscardsItsOutcome) {
  insert({work(1)});
  step();
  ledger_.away = true;
  pass(seconds(25));
  ASSERT_EQ(executor_.stops.size(), 1U);
  EXPECT_EQ(executor_.stops[0].second, StopReason::lost);
  expire(1);
  ledger_.away = false;
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  ledger_.applied.clear();
  testing::internal::CaptureStderr();
  step();
  EXPECT_NE(testing::internal::GetCapturedStderr().find("ledger_back"), std::string::npos);
  EXPECT_TRUE(ledger_.applied.empty());
  EXPECT_NE(state(1), State::succeeded);
}

TEST_F(WorkerTest, AnExtendThatAnswersLostStopsTheRun) {
  insert({work(1)});
  step();
  clock_.jump(seconds(26));  // the ledger's clock steps ahead: a rescuer takes the lease
  expire(1);
  clock_.advance(seconds(10));
  step();
  ASSERT_EQ(executor_.stops.size(), 1U);
  EXPECT_EQ(executor_.stops[0].second, StopReason::lost);
}

TEST_F(WorkerTest, ATaskIsNotStartedAgainWhileItsOldRunIsStillEnding) {
  insert({work(1)});
  step();
  clock_.jump(seconds(26));
  expire(1);
  clock_.advance(seconds(10));
  step();  // learns that it is lost, and leases the task anew
  EXPECT_EQ(get(1).status.fence, 2U);
  EXPECT_EQ(executor_.started.size(), 1U);
  executor_.finish(executor_.started[0], outcome::Stopped{});
  step();
  ASSERT_EQ(executor_.started.size(), 2U);
  EXPECT_EQ(executor_.started[1].status.fence, 2U);
}

TEST_F(WorkerTest, OutcomesAreKeptWhileTheLedgerIsAway) {
  insert({work(1)});
  step();
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  ledger_.away = true;
  EXPECT_EQ(step(), options_.retry_every);
  EXPECT_EQ(worker_.held(), 1U);
  ledger_.away = false;
  step();
  EXPECT_EQ(state(1), State::succeeded);
}

TEST_F(WorkerTest, AnOutcomeThatComesTooLateIsDroppedWithoutFailing) {
  insert({work(1)});
  step();
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  clock_.jump(seconds(26));
  expire(1);
  step();
  EXPECT_NE(state(1), State::succeeded);
  EXPECT_EQ(get(1).status.worker_deaths, 1U);
}

TEST_F(WorkerTest, ARunThatExceedsItsTimeIsStoppedAndFailsTransiently) {
  insert({a_task(1).kind("work").run_time_max(seconds(3))});
  step();
  EXPECT_EQ(executor_.terms_of[1].deadline, clock_.steady_now() + seconds(3));
  pass(seconds(3));
  ASSERT_EQ(executor_.stops.size(), 1U);
  EXPECT_EQ(executor_.stops[0].second, StopReason::timed_out);
  executor_.finish(executor_.started[0], outcome::Stopped{.proof = R"({"signal":9})"});
  step();
  EXPECT_EQ(state(1), State::scheduled);
  EXPECT_EQ(get(1).status.result, R"({"signal":9})");
}

TEST_F(WorkerTest, DrainingWaitsThenStopsAndGivesBack) {
  insert({work(1), work(2), work(3)});
  step();
  worker_.drain(clock_.steady_now() + seconds(5));
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  pass(seconds(4));
  EXPECT_TRUE(executor_.stops.empty());
  EXPECT_EQ(executor_.started.size(), 2U);  // nothing new
  pass(seconds(1));
  ASSERT_EQ(executor_.stops.size(), 1U);
  EXPECT_EQ(executor_.stops[0].second, StopReason::worker_stops);
  EXPECT_FALSE(worker_.drained());
  executor_.finish(executor_.started[1], outcome::Stopped{});
  step();
  EXPECT_TRUE(worker_.drained());
  EXPECT_EQ(state(1), State::succeeded);
  EXPECT_EQ(state(2), State::ready);
  EXPECT_EQ(state(3), State::ready);
  EXPECT_TRUE(fake_.workers()->empty());
}

TEST_F(WorkerTest, DrainingKeepsAnOutcomeThatTheLedgerDoesNotTakeUntilItsLeaseIsOver) {
  insert({work(1)});
  step();
  executor_.finish(executor_.started[0], outcome::Succeeded{});
  ledger_.away = true;
  worker_.drain(clock_.steady_now());
  testing::internal::CaptureStderr();
  pass(options_.lease - seconds(1));
  EXPECT_FALSE(worker_.drained());
  pass(seconds(1));
  EXPECT_TRUE(worker_.drained());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("ledger_away"), std::string::npos) << log;
  EXPECT_EQ(log.find("ledger_back"), std::string::npos) << log;
}

TEST_F(WorkerTest, IsRegisteredWithItsKindsAndLoad) {
  insert({work(1)});
  pass(seconds(11));
  const auto workers = *fake_.workers();
  ASSERT_EQ(workers.size(), 1U);
  EXPECT_EQ(workers[0].name, "w1");
  EXPECT_EQ(workers[0].kinds, (std::vector<std::string>{"work", "noop"}));
  EXPECT_EQ(workers[0].busy, 1U);
}

TEST_F(WorkerTest, ReportsAreRecordedAtABoundedRateTheLatestWins) {
  insert({work(1)});
  step();
  for (int i = 1; i <= 50; ++i) {
    executor_.reports.push_back({task_id(1), 1, R"({"done":)" + std::to_string(i) + "}", ""});
    pass(std::chrono::milliseconds(100));
  }
  EXPECT_LE(ledger_.recorded.size(), 6U);
  pass(seconds(1));
  EXPECT_EQ(fake_.reported(task_id(1))->progress, R"({"done":50})");
}

TEST_F(WorkerTest, TheCheckpointOfAFailedAttemptIsGivenToTheNext) {
  insert({work(1)});
  step();
  executor_.reports.push_back({task_id(1), 1, "", R"({"page":1})"});
  step();
  executor_.reports.push_back({task_id(1), 1, "", R"({"page":2})"});
  executor_.finish(executor_.started[0], outcome::Failed{.error = "cut off"});
  step();
  clock_.advance(seconds(2));
  const auto due = transition(get(1), event::Due{}, {fake_.now(), 0});
  ASSERT_TRUE((*fake_.apply(std::vector{*due}))[0].has_value());
  step();
  ASSERT_EQ(executor_.started.size(), 2U);
  EXPECT_EQ(executor_.terms_of[2].checkpoint, R"({"page":2})");
}

TEST_F(WorkerTest, ClaimsAgainWithoutARingAfterThePollPeriod) {
  step();
  insert({work(1)});
  pass(seconds(1));
  EXPECT_EQ(executor_.started.size(), 1U);
}

TEST_F(WorkerTest, HintsAreClaimedByIdAndAcknowledged) {
  FakeQueue queue(clock_);
  Worker hinted({.ledger = ledger_,
                 .reader = fake_,
                 .registry = fake_,
                 .clock = clock_,
                 .executor = executor_,
                 .hints = &queue},
                options_, Rng(1));
  insert({work(1), work(2), work(3)});
  const std::vector<Message> messages = {make_hint(Task{.request = work(3)}), {.id = "not a hint"}};
  ASSERT_TRUE(queue.publish(messages).has_value());
  ASSERT_TRUE(hinted.step({}).has_value());
  ASSERT_EQ(executor_.started.size(), 2U);
  EXPECT_EQ(executor_.started[0].id(), task_id(3));  // before 1 and 2, which rank higher
  EXPECT_EQ(executor_.started[1].id(), task_id(1));  // no hint named it
  EXPECT_TRUE(queue.receive(10, {.at = clock_.steady_now()})->empty());
}

TEST(WorkerOptionsTest, ALeaseShorterThanTwoBeatsIsRefused) {
  const auto status =
      check_worker_options({.name = "w", .lease = seconds(15), .beat_every = seconds(10)});
  ASSERT_FALSE(status.has_value());
  EXPECT_EQ(status.error().code, Code::invalid_argument);
  EXPECT_NE(status.error().message.find("lease is 15s"), std::string::npos);
  EXPECT_TRUE(check_worker_options({.name = "w"}).has_value());
}

}  // namespace
}  // namespace waybill
