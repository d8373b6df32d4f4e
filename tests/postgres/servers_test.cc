// Several servers on one ledger, each with connections of its own; and answers that are lost.

#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "base/mutex.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

constexpr int kServers = 3;

class PostgresServers : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    for (int i = 0; i < kServers; ++i) servers_.push_back(open(clock_));
  }
  void TearDown() override {
    if (name_.empty()) return;
    const auto checked = servers_.front()->admin().check();
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
    for (const Violation& violation : checked->violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.subject << ": " << violation.message;
    }
    servers_.clear();
    shared_postgres()->drop_database(name_);
  }

  std::unique_ptr<PostgresLedger> open(Clock& clock) {
    auto made = PostgresLedger::create(shared_postgres()->url(name_), clock);
    WAYBILL_CHECK(made.has_value(), made.error().message.c_str());
    return std::move(*made);
  }
  Ledger& ledger(int server) { return servers_[static_cast<std::size_t>(server)]->ledger(); }
  LedgerReader& reader(int server) { return servers_[static_cast<std::size_t>(server)]->reader(); }

  /// Runs `work(server)` in a thread for each server.
  static void in_each(const std::function<void(int)>& work) {
    std::vector<std::jthread> threads;
    for (int server = 0; server < kServers; ++server) {
      threads.emplace_back([&work, server] { work(server); });
    }
  }

  SystemClock clock_;
  std::string name_;
  std::vector<std::unique_ptr<PostgresLedger>> servers_;
};

TEST_F(PostgresServers, OfRivalsForAForeverKeyExactlyOneWins) {
  std::atomic<int> inserted = 0;
  in_each([&](int server) {
    for (int i = 0; i < 30; ++i) {
      const TaskRequest request =
          a_task(1000 * server + i).dedup("fire/" + std::to_string(i), DedupScope::forever);
      const auto answers = ledger(server).insert({&request, 1});
      ASSERT_TRUE(answers.has_value()) << answers.error().message;
      inserted += answers->front().outcome == InsertOutcome::inserted;
    }
  });
  EXPECT_EQ(inserted, 30);
}

TEST_F(PostgresServers, EachTaskIsClaimedByOneOfThemAndAFollowerMissesNothing) {
  constexpr int kTasks = 300;
  std::set<Uuid> followed;
  std::jthread follower([&](std::stop_token stop) {
    std::uint64_t after = 0;
    while (followed.size() < kTasks && !stop.stop_requested()) {
      ASSERT_TRUE(reader(0).last_sequence(after, {.stop = stop}).has_value());
      const auto events = reader(0).events(after, 50);
      ASSERT_TRUE(events.has_value()) << events.error().message;
      for (const LedgerEvent& event : *events) {
        EXPECT_GT(event.sequence, after);
        after = event.sequence;
        if (event.entry.happening == Happening::succeeded) {
          EXPECT_TRUE(followed.insert(event.id).second);
        }
      }
    }
  });
  std::atomic<int> done = 0;
  in_each([&](int server) {
    const auto own = some_tasks(1000 * server + 1, 1000 * server + kTasks / kServers);
    for (const TaskRequest& request : own) {
      ASSERT_TRUE(ledger(server).insert({&request, 1}).has_value());
    }
    while (done < kTasks) {
      const auto tasks = ledger(server).claim({.worker = "w", .limit = 7});
      ASSERT_TRUE(tasks.has_value()) << tasks.error().message;
      std::vector<Change> changes;
      for (const Task& task : *tasks) {
        changes.push_back(*transition(task, event::Succeed{.fence = task.status.fence},
                                      {.now = ledger(server).now()}));
      }
      const auto answers = ledger(server).apply(changes);
      ASSERT_TRUE(answers.has_value()) << answers.error().message;
      for (const Status& answer : *answers) EXPECT_TRUE(answer.has_value());
      done += static_cast<int>(changes.size());
    }
  });
  follower.join();
  EXPECT_EQ(followed.size(), static_cast<std::size_t>(kTasks));
}

TEST_F(PostgresServers, AWaiterThatComesWhileItsTaskEndsIsNotForgotten) {
  for (int i = 1; i <= 20; ++i) {
    const TaskRequest first = a_task(i);
    ASSERT_TRUE(ledger(0).insert({&first, 1}).has_value());
    const auto leased = ledger(0).claim({.only_ids = {first.id}, .worker = "w"});
    ASSERT_EQ(leased->size(), 1u);
    const TaskRequest second = a_task(1000 + i).waits_for({first.id});
    std::jthread rival([&] { ASSERT_TRUE(ledger(1).insert({&second, 1}).has_value()); });
    const Change success =
        *transition(leased->front(), event::Succeed{.fence = 1}, {.now = ledger(0).now()});
    const auto applied = ledger(0).apply({&success, 1});
    ASSERT_TRUE(applied.has_value() && applied->front().has_value());
    rival.join();
    // Scheduled for a moment where the success was decided on before the waiter was accepted.
    const TaskStatus status = reader(2).get(second.id)->status;
    EXPECT_NE(status.state, State::blocked) << i;
    EXPECT_EQ(status.waiting_for, 0u);
  }
}

TEST_F(PostgresServers, ClocksThatAreMinutesApartGiveOneTime) {
  SimClock early(Time(clock_.now() - 5min), OnWait::advances);
  SimClock late(Time(clock_.now() + 5min), OnWait::advances);
  const auto slow = open(early);
  const auto fast = open(late);
  const TaskRequest request = a_task(1);
  ASSERT_TRUE(slow->ledger().insert({&request, 1}).has_value());
  const auto leased = fast->ledger().claim({.worker = "w", .lease = 30s});
  ASSERT_EQ(leased->size(), 1u);
  const Time true_now = clock_.now();  // the database's machine is ours
  EXPECT_LT(leased->front().status.lease_until, true_now + 40s);
  EXPECT_GT(leased->front().status.lease_until, true_now - 10s);
  EXPECT_TRUE(slow->ledger().overdue(10)->tasks.empty());
  EXPECT_TRUE(fast->ledger().overdue(10)->tasks.empty());
}

TEST_F(PostgresServers, TerminatedSessionsLoseNothingAndDoubleNothing) {
  std::atomic<bool> stop = false;
  std::jthread breaker([&] {
    while (!stop) {
      shared_postgres()->psql(name_,
                              "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
                              "WHERE application_name = 'waybill' AND datname = current_database() "
                              "AND state <> 'idle'");
    }
  });
  for (int i = 1; i <= 200; ++i) {
    const TaskRequest request = a_task(i);
    const auto answers = ledger(i % kServers).insert({&request, 1});
    // The writer finds out what became of its commit, or tells that it could not.
    if (!answers) {
      EXPECT_TRUE(answers.error().code == Code::unavailable ||
                  answers.error().code == Code::deadline_exceeded)
          << answers.error().message;
      continue;
    }
    EXPECT_EQ(answers->front().outcome, InsertOutcome::inserted) << i;
  }
  stop = true;
  breaker.join();
  std::int64_t created = 0;
  const auto events = reader(0).events(0, 10'000);
  ASSERT_TRUE(events.has_value()) << events.error().message;
  for (const LedgerEvent& event : *events) created += event.entry.happening == Happening::created;
  EXPECT_EQ(reader(0).counts()->at(0).by_state[static_cast<int>(State::ready)], created);
}

}  // namespace
}  // namespace waybill
