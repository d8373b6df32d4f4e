// Several programs that change the same tasks at the same time do not wait for each other in a
// ring.

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/connection.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr int kPrograms = 4;
constexpr int kBatches = 60;  // of each program
constexpr int kBatchSize = 10;
constexpr Duration kLease = 15ms;  // every second one runs out

class PostgresDeadlocks : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    // So that one is found, and the next can come, before the work is done.
    shared_postgres()->psql(name_, "ALTER DATABASE " + name_ + " SET deadlock_timeout = '20ms'");
    for (int i = 0; i < kPrograms; ++i) {
      auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
      ASSERT_TRUE(made.has_value()) << made.error().message;
      programs_.push_back(std::move(*made));
    }
  }
  void TearDown() override {
    if (!name_.empty()) shared_postgres()->drop_database(name_);
  }

  /// New tasks: a third are for the queue with a limit, a third for a moment from now.
  static void insert(Ledger& ledger, int program) {
    for (int batch = 0; batch < kBatches; ++batch) {
      std::vector<TaskRequest> requests;
      for (int i = 0; i < kBatchSize; ++i) {
        TaskBuilder task = a_task(10'000 * (program + 1) + batch * kBatchSize + i);
        if (i % 3 == 0) task.queue("limited");
        if (i % 3 == 1) task.run_at(Time(ledger.now() + i * 3ms));
        requests.push_back(task);
      }
      const auto answers = ledger.insert(requests);
      EXPECT_TRUE(answers.has_value()) << answers.error().message;
    }
  }

  /// Claims, and lets every second task be taken back.
  static void work(Ledger& ledger) {
    const auto tasks = ledger.claim({.worker = "w", .limit = 8, .lease = kLease});
    ASSERT_TRUE(tasks.has_value()) << tasks.error().message;
    std::vector<Change> changes;
    for (std::size_t i = 0; i < tasks->size(); i += 2) {
      const Task& task = (*tasks)[i];
      auto change =
          transition(task, event::Succeed{.fence = task.status.fence}, {.now = ledger.now()});
      WAYBILL_CHECK(change.has_value(), "a leased task can succeed");
      changes.push_back(std::move(*change));
    }
    const auto answers = ledger.apply(changes);
    EXPECT_TRUE(answers.has_value()) << answers.error().message;
  }

  /// As services/rescuer.cc: each program finds the same tasks.
  static void rescue(Ledger& ledger) {
    const auto overdue = ledger.overdue(100);
    ASSERT_TRUE(overdue.has_value()) << overdue.error().message;
    std::vector<Change> changes;
    for (const Task& task : overdue->tasks) {
      const bool leased = task.status.state == State::leased;
      auto change = transition(task, leased ? Event(event::Expire{}) : Event(event::Due{}),
                               {.now = ledger.now()});
      if (change) changes.push_back(std::move(*change));
    }
    const auto answers = ledger.apply(changes);
    EXPECT_TRUE(answers.has_value()) << answers.error().message;
  }

  /// A program that enqueues in transactions of its own.
  void enqueue(const std::stop_token& stop) {
    const auto connection =
        postgres::Connection::open({.conninfo = shared_postgres()->url(name_)}, clock_, {});
    ASSERT_TRUE(connection.has_value()) << connection.error().message;
    while (!stop.stop_requested()) {
      const Status done = (*connection)->run_script("SELECT waybill.enqueue('noop')", {});
      EXPECT_TRUE(done.has_value()) << done.error().message;
      if (!done) return;
    }
  }

  /// As the server counts them; a session tells of its own at the latest when it ends.
  int deadlocks() {
    programs_.clear();
    while (shared_postgres()->psql(name_,
                                   "SELECT count(*) FROM pg_stat_activity WHERE datname = "
                                   "current_database() AND pid <> pg_backend_pid()") != "0\n") {
    }
    return std::stoi(shared_postgres()->psql(
        name_, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"));
  }

  SystemClock clock_;
  std::string name_;
  std::vector<std::unique_ptr<PostgresLedger>> programs_;
};

TEST_F(PostgresDeadlocks, AreNotMadeByALimitedQueueBesideTasksThatFallDue) {
  ASSERT_TRUE(programs_[0]->registry().put_queue({.name = "limited", .concurrency_max = 3}));
  std::jthread application([this](const std::stop_token& stop) { enqueue(stop); });
  std::vector<std::jthread> others;
  std::vector<std::jthread> inserters;
  for (int program = 0; program < kPrograms; ++program) {
    Ledger& ledger = programs_[static_cast<std::size_t>(program)]->ledger();
    others.emplace_back([&ledger](const std::stop_token& stop) {
      while (!stop.stop_requested()) work(ledger);
    });
    others.emplace_back([&ledger](const std::stop_token& stop) {
      while (!stop.stop_requested()) rescue(ledger);
    });
    inserters.emplace_back([&ledger, program] { insert(ledger, program); });
  }
  inserters.clear();
  others.clear();
  application.request_stop();
  application.join();
  const auto checked = programs_[0]->admin().check();
  ASSERT_TRUE(checked.has_value()) << checked.error().message;
  EXPECT_TRUE(checked->violations.empty()) << checked->violations.front().message;
  EXPECT_EQ(deadlocks(), 0);
}

}  // namespace
}  // namespace waybill
