// How much a claim reads, in a table that nobody has analysed.

#include <gmock/gmock.h>

#include "adapters/local/system_clock.h"
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

}  // namespace
}  // namespace waybill
