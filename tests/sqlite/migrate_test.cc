// A ledger that an older Waybill made.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"

namespace waybill {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

class OlderLedger : public testing::Test {
 protected:
  /// With three tasks, and as it was before there were tokens and an audit log.
  void SetUp() override {
    {
      const auto made = SqliteLedger::create(path(), clock_);
      ASSERT_TRUE(made.has_value());
      ASSERT_TRUE((*made)->ledger().insert(some_tasks(1, 3)).has_value());
    }
    execute("DROP TABLE tokens; DROP TABLE people; DROP TABLE sessions");
    execute(
        "DROP TABLE audit; DROP TABLE secrets; DROP TABLE webhooks; DROP TABLE webhook_deliveries; "
        "DROP TABLE first_answers; DROP TABLE artifacts; DROP TABLE condemned_contents; "
        "DROP TABLE store_claims; DROP TABLE plans; DROP TABLE runs; DROP TABLE run_nodes; "
        "DROP TABLE collections; DROP TABLE collection_items; DROP TABLE snapshots; "
        "DROP TABLE metadata; DROP TABLE scan_passes; DROP TABLE definition_versions; "
        "DROP TABLE host_turns");
    execute("ALTER TABLE workers DROP COLUMN version");
    execute(
        "ALTER TABLE schedules DROP COLUMN pause_at; ALTER TABLE schedules DROP COLUMN pause_by; "
        "ALTER TABLE schedules DROP COLUMN pause_reason");
    execute("PRAGMA user_version = 1");
  }

  std::string path() const { return directory_.path() + "/ledger.db"; }
  void execute(const char* sql, const std::string& path) {
    const auto raw =
        sqlite::Database::open({.path = path, .mode = sqlite::OpenMode::create}, clock_);
    ASSERT_TRUE(raw.has_value());
    const Status done = (*raw)->execute(sql);
    ASSERT_TRUE(done.has_value()) << done.error().message;
  }
  void execute(const char* sql) { execute(sql, path()); }
  Result<std::size_t> count_tasks(const std::string& path) {
    const auto ledger = SqliteLedger::create(path, clock_);
    if (!ledger) return fail(ledger.error());
    const auto page = (*ledger)->reader().page({.limit = 10});
    if (!page) return fail(page.error());
    return page->tasks.size();
  }

  TemporaryDirectory directory_;
  SimClock clock_;
};

TEST_F(OlderLedger, IsRefusedWithWhatToDoAndLeftAlone) {
  for (const auto access : {SqliteAccess::write, SqliteAccess::existing, SqliteAccess::read}) {
    const auto made = SqliteLedger::create(path(), clock_, {.access = access});
    ASSERT_FALSE(made.has_value());
    EXPECT_EQ(made.error().code, Code::failed_precondition);
    EXPECT_THAT(made.error().message,
                AllOf(HasSubstr(path() + " has schema version 1, older than "),
                      HasSubstr("`waybill db backup`"), HasSubstr("`waybill db migrate`")));
  }
  EXPECT_EQ(plan_sqlite_migration(path(), clock_)->from, 1);
}

TEST_F(OlderLedger, IsMigratedWithAllItsTasks) {
  const auto planned = plan_sqlite_migration(path(), clock_);
  ASSERT_TRUE(planned.has_value());
  const auto migrated = migrate_sqlite_ledger(path(), clock_);
  ASSERT_TRUE(migrated.has_value()) << migrated.error().message;
  EXPECT_EQ(migrated->from, 1);
  EXPECT_EQ(migrated->to, sqlite_schema_version());
  EXPECT_EQ(planned->to, migrated->to);
  EXPECT_EQ(count_tasks(path()), 3u);
  const auto ledger = SqliteLedger::create(path(), clock_);
  EXPECT_EQ((*ledger)->admin().check()->violations_found, 0);
  EXPECT_EQ((*ledger)->tokens().list()->size(), 0u);
}

TEST_F(OlderLedger, AMigrationThatFailsLeavesItAsItWas) {
  execute("CREATE TABLE tokens (x)");
  const auto migrated = migrate_sqlite_ledger(path(), clock_);
  ASSERT_FALSE(migrated.has_value());
  EXPECT_THAT(migrated.error().message, HasSubstr("migration 0002_tokens"));
  EXPECT_EQ(plan_sqlite_migration(path(), clock_)->from, 1);
  execute("DROP TABLE tokens");
  EXPECT_TRUE(migrate_sqlite_ledger(path(), clock_).has_value());
  EXPECT_EQ(count_tasks(path()), 3u);
}

TEST_F(OlderLedger, CanBeBackedUpAsItIs) {
  const std::string copy = directory_.path() + "/copy.db";
  const Status copied = backup_sqlite_ledger(path(), copy, clock_);
  ASSERT_TRUE(copied.has_value()) << copied.error().message;
  EXPECT_EQ(plan_sqlite_migration(path(), clock_)->from, 1);
  EXPECT_EQ(plan_sqlite_migration(copy, clock_)->from, 1);
  ASSERT_TRUE(migrate_sqlite_ledger(copy, clock_).has_value());
  EXPECT_EQ(count_tasks(copy), 3u);
  EXPECT_EQ(backup_sqlite_ledger(path(), copy, clock_).error().code, Code::already_exists);
}

TEST_F(OlderLedger, WhatIsNoLedgerOfOursIsNotBackedUp) {
  const std::string copy = directory_.path() + "/copy.db";
  const std::string theirs = directory_.path() + "/theirs.db";
  execute("CREATE TABLE theirs (x)", theirs);
  EXPECT_EQ(backup_sqlite_ledger(theirs, copy, clock_).error().code, Code::invalid_argument);
  execute("PRAGMA user_version = 999");
  EXPECT_EQ(backup_sqlite_ledger(path(), copy, clock_).error().code, Code::failed_precondition);
  const std::string gone = directory_.path() + "/gone.db";
  EXPECT_EQ(backup_sqlite_ledger(gone, copy, clock_).error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
