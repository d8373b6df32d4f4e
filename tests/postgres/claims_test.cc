// How much a claim reads: in a table that nobody has analysed, and among what is dead to all but an
// old snapshot.

#include <gmock/gmock.h>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/connection.h"
#include "adapters/postgres/postgres_ledger.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

class PostgresClaims : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
  }
  void TearDown() override {
    if (!name_.empty()) shared_postgres()->drop_database(name_);
  }
  std::unique_ptr<PostgresLedger> open() {
    auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  /// Rows of tasks that were read by an index, by sessions that have ended.
  long rows_read() const {
    return std::stol(shared_postgres()->psql(
        name_, "SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'tasks'"));
  }

  /// Entries of an index that were read, by sessions that have ended.
  long entries_read(const std::string& index = "ready_tasks") const {
    return std::stol(shared_postgres()->psql(
        name_,
        "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = '" + index + "'"));
  }
  std::vector<Task> claim(Ledger& ledger, std::size_t limit) const {
    auto claimed = ledger.claim({.worker = "w", .limit = limit, .lease = kLease});
    EXPECT_TRUE(claimed.has_value()) << claimed.error().message;
    return claimed.has_value() ? std::move(*claimed) : std::vector<Task>();
  }

  static constexpr Duration kLease = std::chrono::hours(1);
  SystemClock clock_;
  std::string name_;
};

TEST_F(PostgresClaims, AClaimReadsTheFirstTasksAndNotAllThatAreReady) {
  constexpr int kReady = 5000;
  open();
  shared_postgres()->psql(name_, "ALTER TABLE waybill.tasks SET (autovacuum_enabled = off)");
  ASSERT_TRUE(open()->ledger().insert(some_tasks(1, kReady)));
  const long before = rows_read();
  const auto claimed = open()->ledger().claim({.worker = "w", .limit = 10});
  ASSERT_TRUE(claimed.has_value()) << claimed.error().message;
  EXPECT_EQ(claimed->size(), 10u);
  EXPECT_LT(rows_read() - before, 200);
}

TEST_F(PostgresClaims, AClaimPassesByWhatIsDeadToAllButAnOldSnapshot) {
  constexpr int kClaimed = 3000;
  constexpr int kLeft = 200;
  open();
  const auto reader =
      postgres::Connection::open({.conninfo = shared_postgres()->url(name_)}, clock_, {});
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  ASSERT_TRUE((*reader)->run_script(
      "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM waybill.tasks", {}));
  {
    const auto ledger = open();
    ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, kClaimed + kLeft)));
    ASSERT_EQ(claim(ledger->ledger(), kClaimed).size(), std::size_t{kClaimed});
  }
  // Where claims begin is written once a second; numbers of what is read come late.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  long read = 0;
  for (int i = 0; i < kLeft && (read <= 0 || read >= kClaimed / 10); ++i) {
    ASSERT_LT(std::chrono::steady_clock::now(), patience) << "a claim reads " << read;
    const long before = entries_read();
    ASSERT_EQ(claim(open()->ledger(), 1).size(), 1u);
    read = entries_read() - before;
  }
  EXPECT_GT(read, 0);
  EXPECT_LT(read, kClaimed / 10);
}

TEST_F(PostgresClaims, WhatIsOverdueIsFoundWithoutWalkingThroughTheDeadEachTime) {
  constexpr int kLeases = 1000;
  constexpr int kLooks = 20;
  const auto ledger = open();
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, 1)));
  ASSERT_EQ(claim(ledger->ledger(), 1).size(), 1u);
  const auto reader =
      postgres::Connection::open({.conninfo = shared_postgres()->url(name_)}, clock_, {});
  ASSERT_TRUE(reader.has_value()) << reader.error().message;
  ASSERT_TRUE((*reader)->run_script(
      "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM waybill.tasks", {}));
  // As leases of a day ago, each extended or ended by now.
  shared_postgres()->psql(name_,
                          "DO $$ BEGIN FOR i IN 1.." + std::to_string(kLeases) +
                              " LOOP UPDATE waybill.tasks SET lease_until = i; END LOOP; "
                              "UPDATE waybill.tasks SET lease_until = 9000000000000000; END $$");
  const long before = entries_read("leased_tasks");
  {
    const auto looks = open();
    for (int i = 0; i < kLooks; ++i) {
      const auto overdue = looks->ledger().overdue(10);
      ASSERT_TRUE(overdue.has_value()) << overdue.error().message;
      EXPECT_EQ(overdue->tasks.size(), 0u);
      EXPECT_EQ(to_micros(overdue->next), 9000000000000000);
    }
  }
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  long read = 0;
  while (read < kLooks) {  // numbers of what is read come late
    ASSERT_LT(std::chrono::steady_clock::now(), patience) << read;
    read = entries_read("leased_tasks") - before;
  }
  EXPECT_LT(read, kLooks * kLeases / 4);
}

TEST_F(PostgresClaims, WhatBecomesReadyBelowTheFloorIsClaimedFirst) {
  const auto one = open();
  const auto other = open();
  ASSERT_TRUE(one->ledger().insert(some_tasks(1, 3)));
  ASSERT_EQ(claim(one->ledger(), 1).size(), 1u);
  ASSERT_EQ(shared_postgres()->psql(name_, "SELECT count(*) FROM waybill.floors"), "1\n");
  // Each comes before all that were there, so below the floor; each time by another way.
  const TaskRequest urgent = a_task(10).priority(50);
  ASSERT_TRUE(other->ledger().insert({&urgent, 1}));
  const auto first = claim(one->ledger(), 1);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].id(), urgent.id);
  const auto given_back =
      transition(first[0], event::GiveBack{.fence = 1}, {.now = other->ledger().now()});
  ASSERT_TRUE(given_back.has_value());
  ASSERT_TRUE(other->ledger().apply({&*given_back, 1})->front());
  EXPECT_EQ(claim(one->ledger(), 1).at(0).id(), urgent.id);
  shared_postgres()->psql(name_, "SELECT waybill.enqueue('noop', priority => 60)");
  EXPECT_EQ(claim(one->ledger(), 1).at(0).request.priority, 60);
}

TEST_F(PostgresClaims, WhatAProgramMadeReadyThatKnowsNoFloorsIsClaimedSoon) {
  const auto ledger = open();
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, 3)));
  ASSERT_EQ(claim(ledger->ledger(), 1).size(), 1u);
  shared_postgres()->psql(name_, "UPDATE waybill.floors SET rank = 9223372036854775807");
  EXPECT_TRUE(claim(ledger->ledger(), 1).empty());
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (std::size_t claimed = 0; claimed < 2;) {
    ASSERT_LT(std::chrono::steady_clock::now(), patience);
    claimed += claim(ledger->ledger(), 1).size();
  }
}

}  // namespace
}  // namespace waybill
