#include "services/janitor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "services/test_support/janitor_fixture.h"
#include "testing/fake_answer_store.h"
#include "testing/fake_audit_log.h"
#include "testing/fake_run_store.h"
#include "testing/forwarding_ledger.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

/// Cannot remove the logs of one task while it is stuck.
class StuckLogStore final : public LogStore {
 public:
  StuckLogStore(LogStore& inner, const Uuid& stuck) : inner_(inner), stuck_(stuck) {}

  Status append(const Uuid& task, const LogChunk& chunk) override {
    return inner_.append(task, chunk);
  }
  Status append_all(const Uuid& task, std::span<const LogChunk> chunks,
                    std::optional<std::uint64_t> before) override {
    return inner_.append_all(task, chunks, before);
  }
  Result<LogPage> read(const Uuid& task, const std::string& cursor, std::size_t limit) override {
    return inner_.read(task, cursor, limit);
  }
  Status remove(const Uuid& task) override {
    if (is_stuck && task == stuck_) return fail(Code::permission_denied, "not yours");
    return inner_.remove(task);
  }
  Result<LoggedTasks> logged(const std::string& cursor) override { return inner_.logged(cursor); }

  bool is_stuck = true;

 private:
  LogStore& inner_;
  const Uuid stuck_;
};

/// A ledger in which something happens right before a removal; everything else is the inner one's.
class LedgerWithRemovals final : public ForwardingLedger {
 public:
  LedgerWithRemovals(Ledger& inner, std::function<void()> before)
      : ForwardingLedger(inner), before_(std::move(before)) {}

  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override {
    before_();
    return inner_.remove(ids, finished_before);
  }

 private:
  const std::function<void()> before_;
};

TEST_F(JanitorTest, RemovesATaskWithItsLogsWhenItsTimeIsOverAndNotBefore) {
  insert({a_task(1)});
  finish_next(State::succeeded);
  clock_.advance(24h * 30);
  round();
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(has_logs(1));
  clock_.advance(1us);
  round();
  EXPECT_FALSE(is_there(1));
  EXPECT_FALSE(has_logs(1));
}

TEST_F(JanitorTest, RemovesWhatTheAuditLogKeepsNoLonger) {
  FakeAuditLog audit;
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .audit = &audit},
      {.audit_keep = 24h});
  const std::vector<AuditEntry> old = {{.at = clock_.now(), .who = "old"}};
  ASSERT_TRUE(audit.put(old));
  clock_.advance(24h);
  round(janitor);
  EXPECT_EQ(audit.page({})->entries.size(), 1u);
  clock_.advance(1us);
  round(janitor);
  EXPECT_EQ(audit.page({})->entries.size(), 0u);
}

TEST_F(JanitorTest, KeepsFirstAnswersForADay) {
  FakeAnswerStore answers;
  Janitor janitor({.ledger = ledger_,
                   .reader = ledger_,
                   .registry = ledger_,
                   .logs = logs_,
                   .answers = &answers});
  ASSERT_TRUE(answers.keep({.owner = "k", .status = 200, .kept_at = clock_.now()}));
  clock_.advance(24h);
  round(janitor);
  EXPECT_TRUE(answers.find("k")->has_value());
  clock_.advance(1us);
  round(janitor);
  EXPECT_FALSE(answers.find("k")->has_value());
}

TEST_F(JanitorTest, KeepsEachQueueAndOutcomeAsItsSettingsSay) {
  ASSERT_TRUE(ledger_.put_queue(
      {.name = "short", .retention = {.succeeded = 1h, .failed = 3h, .cancelled = 1h}}));
  ASSERT_TRUE(ledger_.put_queue({.name = "ever", .retention = {.succeeded = 0s}}));
  insert({a_task(1).queue("short"), a_task(2).queue("short"), a_task(3).queue("ever")});
  finish_next("short", State::succeeded);
  finish_next("short", State::failed);
  finish_next("ever", State::succeeded);
  clock_.advance(2h);
  round();
  EXPECT_FALSE(is_there(1));
  EXPECT_TRUE(is_there(2));
  clock_.advance(24h * 10'000);
  round();
  EXPECT_FALSE(is_there(2));
  EXPECT_TRUE(is_there(3));
}

TEST_F(JanitorTest, NeverTouchesATaskThatIsNotFinished) {
  insert(
      {a_task(1), a_task(2).run_at(clock_.now() + 24h * 9000), a_task(3).waits_for({task_id(1)})});
  clock_.advance(24h * 1000);
  round();
  for (int number = 1; number <= 3; ++number) EXPECT_TRUE(is_there(number)) << number;
}

TEST_F(JanitorTest, KeepsStepsOfARunThatGoesOn) {
  FakeRunStore runs(ledger_);
  const Uuid run = task_id(9);
  ASSERT_TRUE(
      runs.create({.run = {.id = run, .plan = "p", .created_at = clock_.now()}, .plan = "{}"}));
  ASSERT_TRUE(*hold_one(
      runs, {.id = run, .holder = "s", .now = clock_.now(), .until = clock_.now() + 24h * 9000}));
  insert({a_task(1).created_by("run:" + to_string(run)), a_task(2).created_by("run:gone"),
          a_task(3).created_by("run:" + to_string(task_id(8)))});
  for (int i = 0; i < 3; ++i) finish_next(State::succeeded);
  clock_.advance(24h * 1000);
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .runs = &runs},
      {.batch = 2});
  round(janitor);
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(has_logs(1));
  EXPECT_FALSE(is_there(2));
  EXPECT_FALSE(is_there(3));
  ASSERT_TRUE(runs.settle(
      {.id = run, .holder = "s", .at = clock_.now(), .state = pipeline::RunState::succeeded}));
  round(janitor);
  EXPECT_FALSE(is_there(1));
}

/// As a store whose rows of one run are damaged.
class DamagedRun final : public FakeRunStore {
 public:
  using FakeRunStore::FakeRunStore;
  Result<pipeline::KeptRun> get(const Uuid&) override {
    return fail(Code::data_loss, "a run is damaged");
  }
};

TEST_F(JanitorTest, ADamagedRunKeepsItsTasksAndNoOthers) {
  DamagedRun runs(ledger_);
  insert({a_task(1).created_by("run:" + to_string(task_id(9))), a_task(2), a_task(3), a_task(4)});
  for (int i = 0; i < 4; ++i) finish_next(State::succeeded);
  clock_.advance(24h * 1000);
  Janitor janitor(
      {.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = logs_, .runs = &runs},
      {.batch = 2});
  round(janitor);
  EXPECT_TRUE(is_there(1));
  for (int number = 2; number <= 4; ++number) EXPECT_FALSE(is_there(number)) << number;
}

TEST_F(JanitorTest, KeepsATaskThatAnotherWaitsForWithItsLogsAndRemovesThoseBehindIt) {
  insert({a_task(1), a_task(2).waits_for({task_id(1)}), a_task(3), a_task(4)});
  for (int i = 0; i < 3; ++i) finish_next(State::failed);
  clock_.advance(24h * 1000);
  round();
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(has_logs(1)) << "somebody has to see why it failed";
  EXPECT_FALSE(is_there(3));
  EXPECT_FALSE(is_there(4));
  const auto change =
      transition(*ledger_.get(task_id(2)), event::Cancel{.by = "ann"}, {.now = clock_.now()});
  ASSERT_TRUE(ledger_.apply(std::vector{*change})->front());
  clock_.advance(24h * 1000);
  round();  // the waiter goes, and in the next round what it waited for
  round();
  EXPECT_FALSE(is_there(2));
  EXPECT_FALSE(is_there(1));
  EXPECT_FALSE(has_logs(1));
}

TEST_F(JanitorTest, RemovesAnyNumberInSmallSteps) {
  insert(some_tasks(1, 9));
  for (int i = 0; i < 9; ++i) finish_next(State::succeeded);
  clock_.advance(24h * 31);
  const Result<Duration> first = janitor_.step({});
  ASSERT_TRUE(first);
  EXPECT_LT(*first, 1min);
  EXPECT_EQ(ledger_.page({.limit = 100})->tasks.size(), 7u);
  round();
  EXPECT_EQ(ledger_.page({.limit = 100})->tasks.size(), 0u);
}

TEST_F(JanitorTest, KeepsTheLogsOfATaskThatAPersonRetriesJustBeforeItIsRemoved) {
  LedgerWithRemovals ledger(ledger_, [&] {
    const auto retry =
        transition(*ledger_.get(task_id(1)), event::Retry{.by = "ann"}, {.now = clock_.now()});
    ASSERT_TRUE(ledger_.apply(std::vector{retry.value()})->front());
  });
  Janitor janitor({.ledger = ledger, .reader = ledger_, .registry = ledger_, .logs = logs_});
  insert(some_tasks(1, 2));
  for (int i = 0; i < 2; ++i) finish_next(State::failed);
  clock_.advance(24h * 1000);
  round(janitor);
  EXPECT_TRUE(is_there(1));
  EXPECT_TRUE(has_logs(1)) << "it lives again, and its first attempts are still worth reading";
  EXPECT_FALSE(is_there(2));
  EXPECT_FALSE(has_logs(2));
}

TEST_F(JanitorTest, KeepsATaskThatAPersonRetriesAndThatEndsAgainJustBeforeItIsRemoved) {
  LedgerWithRemovals ledger(ledger_, [&] {
    for (const Event& event :
         {Event(event::Retry{.by = "ann"}), Event(event::Cancel{.by = "ann"})}) {
      const auto change = transition(*ledger_.get(task_id(1)), event, {.now = clock_.now()});
      ASSERT_TRUE(ledger_.apply(std::vector{change.value()})->front());
    }
  });
  Janitor janitor({.ledger = ledger, .reader = ledger_, .registry = ledger_, .logs = logs_});
  insert(some_tasks(1, 2));
  for (int i = 0; i < 2; ++i) finish_next(State::failed);
  clock_.advance(24h * 1000);
  round(janitor);
  EXPECT_TRUE(is_there(1)) << "it has only just ended";
  EXPECT_TRUE(has_logs(1));
  EXPECT_FALSE(is_there(2));
}

TEST_F(JanitorTest, SweepsLogsOfTasksThatAreGoneWhenItStartsAndThenOnceADay) {
  insert(some_tasks(1, 3));
  for (int i = 0; i < 3; ++i) finish_next(State::succeeded);
  // As a janitor leaves them that dies between the ledger and the logs.
  for (int number = 4; number <= 9; ++number) {
    ASSERT_TRUE(logs_.append(task_id(number), {.bytes = "output"}));
  }
  round();
  for (int number = 1; number <= 9; ++number) EXPECT_EQ(has_logs(number), number <= 3) << number;
  ASSERT_TRUE(logs_.append(task_id(4), {.bytes = "output"}));
  clock_.advance(23h);
  round();
  EXPECT_TRUE(has_logs(4));
  clock_.advance(1h);
  round();
  EXPECT_FALSE(has_logs(4));
}

TEST_F(JanitorTest, RemovesATaskWhoseLogsItCannotRemoveAndTriesThoseAgainWithTheNextSweep) {
  StuckLogStore stuck(logs_, task_id(1));
  Janitor janitor({.ledger = ledger_, .reader = ledger_, .registry = ledger_, .logs = stuck},
                  {.batch = 1});
  insert(some_tasks(1, 3));
  for (int i = 0; i < 3; ++i) finish_next(State::succeeded);
  clock_.advance(24h * 31);
  round(janitor);
  for (int number = 1; number <= 3; ++number) EXPECT_FALSE(is_there(number)) << number;
  EXPECT_TRUE(has_logs(1));
  EXPECT_FALSE(has_logs(2));
  EXPECT_FALSE(has_logs(3));
  stuck.is_stuck = false;
  clock_.advance(25h);
  round(janitor);
  EXPECT_FALSE(has_logs(1));
}

TEST_F(JanitorTest, ForgetsWorkersThatWereNotSeenForLong) {
  ASSERT_TRUE(ledger_.put_worker({.name = "gone"}));
  clock_.advance(1h);
  ASSERT_TRUE(ledger_.put_worker({.name = "here"}));
  round();
  const auto workers = ledger_.workers();
  ASSERT_TRUE(workers);
  ASSERT_EQ(workers->size(), 1u);
  EXPECT_EQ(workers->front().name, "here");
}

}  // namespace
}  // namespace waybill
