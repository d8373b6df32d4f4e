// Files that are not what they should be.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "testing/sim_clock.h"
#include "testing/temporary_directory.h"
#include "tests/sqlite/fault_disk.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

class DamagedFile : public testing::Test {
 protected:
  std::string path() const { return directory_.path() + "/ledger.db"; }

  std::unique_ptr<SqliteLedger> open() {
    auto made = SqliteLedger::create(path(), clock_);
    EXPECT_TRUE(made.has_value()) << made.error().message;
    return std::move(*made);
  }
  Error refusal() {
    const auto made = SqliteLedger::create(path(), clock_);
    EXPECT_FALSE(made.has_value());
    return made.has_value() ? Error{} : made.error();
  }
  void execute(const char* sql) {
    auto raw = sqlite::Database::open({.path = path(), .mode = sqlite::OpenMode::create}, clock_);
    ASSERT_TRUE(raw.has_value());
    ASSERT_TRUE((*raw)->execute(sql).has_value());
  }

  TemporaryDirectory directory_;
  SimClock clock_;
};

TEST_F(DamagedFile, AFileThatIsNoDatabaseIsRefusedByName) {
  std::ofstream(path()) << std::string(5000, 'x');
  const Error error = refusal();
  EXPECT_EQ(error.code, Code::invalid_argument);
  EXPECT_THAT(error.message, HasSubstr(path()));
  EXPECT_THAT(error.message, HasSubstr("not a Waybill ledger"));
}

TEST_F(DamagedFile, ADatabaseOfAnotherProgramIsRefusedAndLeftAlone) {
  execute("CREATE TABLE theirs (x)");
  EXPECT_EQ(refusal().code, Code::invalid_argument);
  const auto migrated = migrate_sqlite_ledger(path(), clock_);
  ASSERT_FALSE(migrated.has_value());
  EXPECT_EQ(migrated.error().code, Code::invalid_argument);
}

TEST_F(DamagedFile, AMissingDirectoryIsSaidSo) {
  const auto made = SqliteLedger::create(directory_.path() + "/no/ledger.db", clock_);
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Code::not_found);
  EXPECT_THAT(made.error().message, HasSubstr("/no/ledger.db"));
}

TEST_F(DamagedFile, ASchemaNewerThanTheBinaryIsRefused) {
  open();
  execute("PRAGMA user_version = 999");
  const Error error = refusal();
  EXPECT_EQ(error.code, Code::failed_precondition);
  EXPECT_THAT(error.message, HasSubstr("newer"));
  EXPECT_EQ(migrate_sqlite_ledger(path(), clock_).error().code, Code::failed_precondition);
}

TEST_F(DamagedFile, MigratingANewFileMakesALedgerAndAgainDoesNothing) {
  const auto first = migrate_sqlite_ledger(path(), clock_);
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->from, 0);
  EXPECT_EQ(first->to, sqlite_schema_version());
  EXPECT_EQ(migrate_sqlite_ledger(path(), clock_)->from, sqlite_schema_version());
  open();
}

TEST_F(DamagedFile, ADamagedPageIsDataLossAndFoundByCheck) {
  {
    const auto ledger = open();
    for (int first = 1; first < 2000; first += 100) {
      ASSERT_TRUE(ledger->ledger().insert(some_tasks(first, first + 99)));
    }
  }
  {
    std::fstream file(path(), std::ios::in | std::ios::out | std::ios::binary);
    const auto size = std::filesystem::file_size(path());
    for (std::uintmax_t at = 40 * 4096; at + 4096 <= size; at += 7 * 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file << std::string(4096, '\xff');
    }
  }
  const auto ledger = open();
  const auto page = ledger->reader().page({.limit = 2000});
  ASSERT_FALSE(page.has_value());
  EXPECT_EQ(page.error().code, Code::data_loss);
  EXPECT_THAT(page.error().message, HasSubstr(path()));
  const auto report = ledger->admin().check();
  ASSERT_TRUE(report.has_value()) << report.error().message;
  EXPECT_GT(report->violations_found, 0);
}

TEST_F(DamagedFile, ADamagedTaskIsNamedAndHidesNoOther) {
  ASSERT_TRUE(open()->ledger().insert(some_tasks(1, 5)));
  execute("UPDATE tasks SET detail = x'ff' WHERE handle = 2");
  execute("UPDATE requests SET rest = x'ff' WHERE handle = 5");
  const auto ledger = open();
  for (const PageOrder order : {PageOrder::oldest_first, PageOrder::newest_first}) {
    const auto page = ledger->reader().page({.order = order});
    ASSERT_TRUE(page.has_value()) << page.error().message;
    EXPECT_EQ(page->tasks.size(), 3U);
    EXPECT_EQ(page->next_cursor, "");
    ASSERT_EQ(page->damaged.size(), 2U);
    EXPECT_THAT(page->damaged[0].what, HasSubstr("damaged; run `waybill db check`"));
  }
  const auto damaged = ledger->reader().page({.order = PageOrder::oldest_first})->damaged;
  const auto report = ledger->admin().check();
  ASSERT_TRUE(report.has_value());
  for (const DamagedTask& task : damaged) {
    EXPECT_TRUE(std::ranges::any_of(report->violations, [&](const Violation& violation) {
      return violation.subject == to_string(task.id) && violation.message == task.what;
    })) << to_string(task.id);
  }
}

TEST_F(DamagedFile, PagesGoOnPastADamagedTask) {
  ASSERT_TRUE(open()->ledger().insert(some_tasks(1, 6)));
  execute("UPDATE tasks SET detail = x'ff' WHERE handle IN (2, 3, 6)");
  const auto ledger = open();
  std::size_t tasks = 0;
  std::size_t damaged = 0;
  PageParams params{.order = PageOrder::oldest_first, .limit = 1};
  do {
    const auto page = ledger->reader().page(params);
    ASSERT_TRUE(page.has_value()) << page.error().message;
    EXPECT_LE(page->tasks.size(), 1U);
    tasks += page->tasks.size();
    damaged += page->damaged.size();
    params.cursor = page->next_cursor;
  } while (!params.cursor.empty());
  EXPECT_EQ(tasks, 3U);
  EXPECT_EQ(damaged, 3U);
}

TEST_F(DamagedFile, WhoOnlyLooksMakesNoLedger) {
  for (const SqliteAccess access : {SqliteAccess::read, SqliteAccess::existing}) {
    const auto missing = SqliteLedger::create(path(), clock_, {.access = access});
    ASSERT_FALSE(missing.has_value());
    EXPECT_EQ(missing.error().code, Code::not_found);
    EXPECT_FALSE(std::filesystem::exists(path()));
  }
  std::ofstream(path()).close();
  for (const SqliteAccess access : {SqliteAccess::read, SqliteAccess::existing}) {
    const auto empty = SqliteLedger::create(path(), clock_, {.access = access});
    ASSERT_FALSE(empty.has_value());
    EXPECT_EQ(empty.error().code, Code::failed_precondition);
    EXPECT_THAT(empty.error().message, HasSubstr(path() + " is an empty file"));
  }
  EXPECT_EQ(std::filesystem::file_size(path()), 0U);
}

TEST_F(DamagedFile, AFileThatMayOnlyBeReadIsSaidSo) {
  open();
  FaultDisk disk;
  disk.forbid_writing();
  const auto made = SqliteLedger::create(path(), clock_, {.vfs = disk.name()});
  ASSERT_FALSE(made.has_value());
  EXPECT_EQ(made.error().code, Code::failed_precondition);
  EXPECT_THAT(made.error().message, HasSubstr(path()));
  EXPECT_THAT(made.error().message, HasSubstr("permissions"));
}

TEST_F(DamagedFile, EveryStatementCanBePreparedOnAMigratedFile) {
  open();
  auto database = sqlite::Database::open({.path = path()}, clock_);
  ASSERT_TRUE(database.has_value());
  for (std::size_t i = 0; i < sqlite::statements().size(); ++i) {
    const auto prepared = (*database)->statement(static_cast<sqlite::Sql>(i));
    EXPECT_TRUE(prepared.has_value())
        << sqlite::statements()[i].name << ": " << prepared.error().message;
  }
}

TEST_F(DamagedFile, ABackupIsACompleteLedgerOfItsOwn) {
  const auto ledger = open();
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(1, 50)));
  const std::string copy = directory_.path() + "/copy.db";
  ASSERT_TRUE(ledger->admin().backup(copy).has_value());
  ASSERT_TRUE(ledger->ledger().insert(some_tasks(51, 60)));
  const auto restored = SqliteLedger::create(copy, clock_);
  ASSERT_TRUE(restored.has_value()) << restored.error().message;
  EXPECT_EQ((*restored)->admin().check()->tasks_checked, 50);
  EXPECT_EQ((*restored)->admin().check()->violations_found, 0);
}

TEST_F(DamagedFile, ABackupNeverReplacesAFile) {
  const auto ledger = open();
  const Status again = ledger->admin().backup(path());
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, Code::already_exists);
}

}  // namespace
}  // namespace waybill
