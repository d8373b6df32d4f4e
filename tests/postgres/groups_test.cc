// Calls of different kinds that one transaction carries out together: each gets the answer that it
// would have got alone, before or after the others.

#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/connection.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

constexpr int kCallers = 8;
constexpr int kPairs = 12;  // of each caller; of 900 such pairs 850 once met in a transaction

class PostgresGroups : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
  }
  void TearDown() override {
    if (name_.empty()) return;
    server_.reset();
    shared_postgres()->drop_database(name_);
  }

  Ledger& ledger() { return server_->ledger(); }
  LedgerReader& reader() { return server_->reader(); }

  void expect_sound() {
    const auto checked = server_->admin().check();
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
    for (const Violation& violation : checked->violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.subject << ": " << violation.message;
    }
  }

  /// Calls `pair(n)` for numbers of its own in each of many threads.
  static void in_each_caller(const std::function<void(int)>& pair) {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < kCallers; ++caller) {
      callers.emplace_back([&pair, caller] {
        for (int i = 0; i < kPairs; ++i) pair(2 * (1 + caller * kPairs + i));
      });
    }
  }
  static void at_once(const std::function<void()>& one, const std::function<void()>& other) {
    const std::jthread beside(other);
    one();
  }

  Task leased(int number) {
    const TaskRequest request = a_task(number);
    WAYBILL_CHECK(ledger().insert({&request, 1}).has_value(), "it is new");
    auto tasks = ledger().claim({.only_ids = {request.id}, .worker = "w", .lease = kLease});
    WAYBILL_CHECK(tasks.has_value() && tasks->size() == 1, "nobody else claims it");
    return tasks->front();
  }
  Task failed(int number) {
    Task task = leased(number);
    apply(task,
          event::Fail{
              .fence = task.status.fence, .failure_class = FailureClass::permanent, .error = "x"});
    return *reader().get(task.id());
  }
  void apply(const Task& task, const Event& event) {
    const auto change = transition(task, event, {.now = ledger().now()});
    WAYBILL_CHECK(change.has_value(), "it fits the task's state");
    const auto answers = ledger().apply({&*change, 1});
    WAYBILL_CHECK(answers.has_value() && answers->front().has_value(), "nobody else changes it");
  }
  Status insert_waiter(int number, const Uuid& waits_for) {
    const TaskRequest request = a_task(number).waits_for({waits_for});
    const auto answers = ledger().insert({&request, 1});
    return answers ? Status() : fail(answers.error());
  }

  static constexpr Duration kLease = std::chrono::minutes(10);
  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresLedger> server_;
};

TEST_F(PostgresGroups, AWaiterBesideTheSuccessOfWhatItWaitsForIsNotForgotten) {
  in_each_caller([&](int number) {
    const Task task = leased(number);
    at_once([&] { apply(task, event::Succeed{.fence = task.status.fence}); },
            [&] { EXPECT_TRUE(insert_waiter(number + 1, task.id())); });
    const auto waiter = reader().get(a_task(number + 1).build().id);
    ASSERT_TRUE(waiter.has_value()) << waiter.error().message;
    // Scheduled for a moment where the success was decided on before the waiter was accepted.
    EXPECT_NE(waiter->status.state, State::blocked);
    EXPECT_EQ(waiter->status.waiting_for, 0u);
  });
  expect_sound();
}

TEST_F(PostgresGroups, OfPlainInsertsWithOneIdOneInserts) {
  std::atomic<int> inserted = 0;
  constexpr int kTasks = 40;
  {
    std::vector<std::jthread> callers;
    for (int caller = 0; caller < 2 * kCallers; ++caller) {
      callers.emplace_back([&] {
        for (int number = 1; number <= kTasks; ++number) {
          const TaskRequest request = a_task(number);
          const auto answer = ledger().insert({&request, 1});
          ASSERT_TRUE(answer.has_value()) << answer.error().message;
          EXPECT_EQ(answer->front().id, request.id);
          if (answer->front().outcome == InsertOutcome::inserted) ++inserted;
        }
      });
    }
  }
  EXPECT_EQ(inserted, kTasks);
  expect_sound();
}

TEST_F(PostgresGroups, PlainInsertsThatDifferInAllKeepWhatIsTheirs) {
  const Time now = ledger().now();
  std::vector<std::vector<TaskRequest>> all(kCallers);
  for (int caller = 0; caller < kCallers; ++caller) {
    for (int i = 0; i < kPairs; ++i) {
      const int number = 1 + caller * kPairs + i;
      TaskRequest request = a_task(number);
      request.priority = number % 3;
      request.params = "{\"n\":" + std::to_string(number) + "}";
      request.created_by = number % 2 == 0 ? "even" : "odd";
      if (number % 4 == 0) request.run_at = now + std::chrono::hours(number);
      if (number % 5 == 0) request.labels = {{"five", std::to_string(number)}};
      all[static_cast<std::size_t>(caller)].push_back(request);
    }
  }
  {
    std::vector<std::jthread> callers;
    for (const auto& requests : all) {
      callers.emplace_back([&] {
        const std::span<const TaskRequest> rest(requests);
        EXPECT_TRUE(ledger().insert(rest.first(3)).has_value());
        for (const TaskRequest& one : rest.subspan(3)) {
          EXPECT_TRUE(ledger().insert({&one, 1}).has_value());
        }
      });
    }
  }
  for (const auto& requests : all) {
    for (const TaskRequest& request : requests) {
      const auto task = reader().get(request.id);
      ASSERT_TRUE(task.has_value()) << task.error().message;
      EXPECT_EQ(task->request, request);
      const bool later = request.run_at > now;
      EXPECT_EQ(task->status.state, later ? State::scheduled : State::ready);
      EXPECT_TRUE(!later || task->status.run_at == request.run_at);
    }
  }
  expect_sound();
}

TEST_F(PostgresGroups, ATaskThatIsRetriedBesideItsRemovalIsWholeOrGone) {
  in_each_caller([&](int number) {
    const Task task = failed(number);
    const auto change = transition(task, event::Retry{.by = "test"}, {.now = ledger().now()});
    ASSERT_TRUE(change.has_value()) << change.error().message;
    bool retried = false;
    std::size_t removed = 0;
    at_once(
        [&] {
          const auto answers = ledger().apply({&*change, 1});
          retried = answers.has_value() && answers->front().has_value();
        },
        [&] {
          const Uuid id = task.id();
          const auto answer = ledger().remove({&id, 1}, kTimeMax);
          ASSERT_TRUE(answer.has_value()) << answer.error().message;
          removed = answer->size();
        });
    EXPECT_EQ(retried ? 0u : 1u, removed);
    EXPECT_EQ(reader().get(task.id()).has_value(), retried);
  });
  expect_sound();
}

TEST_F(PostgresGroups, WhatSomebodyBeginsToWaitForIsNotRemoved) {
  in_each_caller([&](int number) {
    const Task task = failed(number);
    bool waits = false;
    std::size_t removed = 0;
    at_once([&] { waits = insert_waiter(number + 1, task.id()).has_value(); },
            [&] {
              const Uuid id = task.id();
              const auto answer = ledger().remove({&id, 1}, kTimeMax);
              ASSERT_TRUE(answer.has_value()) << answer.error().message;
              removed = answer->size();
            });
    EXPECT_EQ(waits ? 0u : 1u, removed) << "whoever came first";
  });
  expect_sound();
}

TEST_F(PostgresGroups, AnExtensionWaitsForNoCommitOfOthers) {
  std::vector<Task> tasks;
  for (int number = 1; number <= 3; ++number) tasks.push_back(leased(number));
  const postgres::ConnectParams params{.conninfo = shared_postgres()->url(name_)};
  const auto rows = postgres::Connection::open(params, clock_, {});
  ASSERT_TRUE((*rows)->run_script("BEGIN; SELECT FROM waybill.tasks WHERE id IN ('" +
                                      to_string(tasks[0].id()) + "', '" + to_string(tasks[1].id()) +
                                      "') FOR UPDATE",
                                  {}));
  const auto extends = [this](const Task& task) {
    const Extension extension{
        .id = task.id(), .handle = task.handle, .fence = task.status.fence, .lease = kLease};
    const auto answers = ledger().extend({&extension, 1});
    return answers ? std::string() : answers.error().message;
  };
  const auto inserts = [this] {
    const TaskRequest request = a_task(4);
    const auto answers = ledger().insert({&request, 1});
    return answers ? std::string() : answers.error().message;
  };
  // Each of the two writers has something to wait for, so that what comes next may go together.
  auto first = std::async(std::launch::async, extends, tasks[0]);
  auto second = std::async(std::launch::async, extends, tasks[1]);
  while (shared_postgres()->psql(name_,
                                 "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                 "current_database() AND wait_event_type = 'Lock'") != "2\n") {
  }
  auto third = std::async(std::launch::async, extends, tasks[2]);
  auto beside = std::async(std::launch::async, inserts);
  const auto commits = postgres::Connection::open(params, clock_, {});
  ASSERT_TRUE((*commits)->run_script("BEGIN; SELECT pg_advisory_xact_lock(1467567207, 2)", {}));
  ASSERT_TRUE((*rows)->roll_back({}));
  EXPECT_EQ(third.get(), "");
  ASSERT_TRUE((*commits)->roll_back({}));
  EXPECT_EQ(first.get(), "");
  EXPECT_EQ(second.get(), "");
  EXPECT_EQ(beside.get(), "");
}

TEST_F(PostgresGroups, ADamagedRowFailsTheCallThatAskedForItAlone) {
  const TaskRequest damaged = a_task(1).queue("damaged");
  ASSERT_TRUE(ledger().insert({&damaged, 1}).has_value());
  shared_postgres()->psql(name_, "UPDATE waybill.tasks SET detail = '\\xff'");
  std::atomic<bool> done = false;
  std::jthread asking([&] {
    while (!done) {
      const auto tasks = ledger().claim({.queues = {"damaged"}, .worker = "w", .lease = kLease});
      ASSERT_FALSE(tasks.has_value());
      EXPECT_EQ(tasks.error().code, Code::data_loss);
    }
  });
  in_each_caller([&](int number) {
    const TaskRequest request = a_task(number);
    const auto answers = ledger().insert({&request, 1});
    EXPECT_TRUE(answers.has_value()) << answers.error().message;
  });
  done = true;
}

}  // namespace
}  // namespace waybill
