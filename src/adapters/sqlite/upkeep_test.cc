// What the writer owes the file beside its calls: old events trimmed cheaply, and a file that
// another program has migrated left alone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill::sqlite {
namespace {

using ::testing::HasSubstr;

class UpkeepTest : public testing::Test {
 protected:
  void SetUp() override {
    auto made = SqliteLedger::create(path(), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    ledger_ = std::move(*made);
    auto opened = Database::open({.path = path()}, clock_);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    other_ = std::move(*opened);
  }
  std::string path() const { return directory_.path() + "/ledger.db"; }

  TemporaryDirectory directory_;
  SimClock clock_;
  std::unique_ptr<SqliteLedger> ledger_;
  std::unique_ptr<Database> other_;
};

TEST_F(UpkeepTest, TrimmingReadsNoMoreThanItMayRemove) {
  ASSERT_TRUE(other_->execute(
      "WITH RECURSIVE row(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row WHERE n < 50000) "
      "INSERT INTO events (commit_number, changes_until, change_count, changes) "
      "SELECT n, n, 1, x'00' FROM row"));
  const auto trim = other_->statement(Sql::trim_events);
  ASSERT_TRUE(trim.has_value());
  (*trim)->bind(1, 8);
  ASSERT_TRUE((*trim)->run());
  EXPECT_EQ(other_->rows_changed(), 8);
  sqlite3_stmt* statement = nullptr;
  int steps = 0;
  while ((statement = sqlite3_next_stmt(other_->connection(), statement)) != nullptr) {
    steps += sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, /*reset=*/1);
  }
  EXPECT_LT(steps, 1'000);
  EXPECT_EQ(other_->number(Sql::count_events).value(), 49'992);
}

TEST_F(UpkeepTest, AFileThatAnotherProgramHasMigratedIsWrittenNoMore) {
  ASSERT_TRUE(ledger_->ledger().insert(some_tasks(1, 1)));
  ASSERT_TRUE(other_->execute("PRAGMA user_version = 1000"));
  for (int tries = 0; tries < 2; ++tries) {
    const auto refused = ledger_->ledger().insert(some_tasks(2, 2));
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Code::failed_precondition);
    EXPECT_THAT(refused.error().message, HasSubstr("migrated it to version 1000"));
  }
}

}  // namespace
}  // namespace waybill::sqlite
