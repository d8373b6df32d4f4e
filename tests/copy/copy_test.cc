// A ledger copied from SQLite to PostgreSQL and back.

#include <gmock/gmock.h>

#include <filesystem>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/image.h"
#include "adapters/postgres/postgres_ledger.h"
#include "adapters/sqlite/image.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "core/transition.h"
#include "services/ledger_copy.h"
#include "testing/builders.h"
#include "testing/temporary_directory.h"
#include "tests/copy/full_ledger.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using testing::HasSubstr;

class LedgerCopying : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = shared_postgres()->make_database();
    url_ = shared_postgres()->url(database_);
  }
  void TearDown() override {
    if (!database_.empty()) shared_postgres()->drop_database(database_);
  }

  void make_full_file() {
    auto ledger = SqliteLedger::create(file_, clock_);
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    fill_ledger(**ledger, clock_);
  }
  static Result<LedgerCopy> copy_and_publish(LedgerImage& from, LedgerDraft& to) {
    auto copy = copy_ledger(from, to, {});
    if (!copy) return copy;
    if (Status published = to.publish(); !published) return fail(published.error());
    return copy;
  }
  Result<LedgerCopy> copy_up() {
    const auto from = open_sqlite_image(file_, clock_);
    if (!from) return fail(from.error());
    const auto to = begin_postgres_draft(url_, clock_);
    if (!to) return fail(to.error());
    return copy_and_publish(**from, **to);
  }
  Result<LedgerCopy> copy_down(const std::string& path) {
    const auto from = open_postgres_image(url_, clock_);
    if (!from) return fail(from.error());
    const auto to = begin_sqlite_draft(path, clock_);
    if (!to) return fail(to.error());
    return copy_and_publish(**from, **to);
  }
  std::unique_ptr<PostgresLedger> open_database() {
    auto ledger = PostgresLedger::create(url_, clock_, {.access = PostgresAccess::existing});
    EXPECT_TRUE(ledger.has_value()) << ledger.error().message;
    return ledger ? std::move(*ledger) : nullptr;
  }

  SystemClock clock_;
  const TemporaryDirectory directory_;
  const std::string file_ = directory_.path() + "/ledger.db";
  std::string database_;
  std::string url_;
};

TEST_F(LedgerCopying, EveryTableComesThroughBothWaysWithTheSameDigest) {
  make_full_file();
  const auto up = copy_up();
  ASSERT_TRUE(up.has_value()) << up.error().message;
  for (const CopiedTable& table : up->tables) {
    EXPECT_GT(table.rows, 0) << table.name << ": the full ledger has none of it";
  }
  const std::string again = directory_.path() + "/again.db";
  const auto down = copy_down(again);
  ASSERT_TRUE(down.has_value()) << down.error().message;
  EXPECT_EQ(down->tables, up->tables);
  const auto image = open_sqlite_image(again, clock_);
  ASSERT_TRUE(image.has_value()) << image.error().message;
  const auto tables = digest_tables(**image);
  ASSERT_TRUE(tables.has_value());
  EXPECT_EQ(*tables, up->tables);
}

}  // namespace
}  // namespace waybill
