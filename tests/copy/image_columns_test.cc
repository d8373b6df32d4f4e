// A table or column that a migration adds has to be copied, or to be named as left out.

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/image.h"
#include "adapters/postgres/postgres_ledger.h"
#include "adapters/sqlite/image.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/temporary_directory.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using Columns = std::set<std::string>;

Columns known(std::vector<std::string> copied, const std::vector<std::string>& left_out) {
  const Columns both(copied.begin(), copied.end());
  for (const std::string& column : left_out) {
    EXPECT_FALSE(both.contains(column)) << column << " is copied and left out";
  }
  copied.insert(copied.end(), left_out.begin(), left_out.end());
  return {copied.begin(), copied.end()};
}

Columns columns_of_file(const std::string& path) {
  sqlite3* file = nullptr;
  EXPECT_EQ(sqlite3_open(path.c_str(), &file), SQLITE_OK);
  Columns columns;
  const auto add = [](void* into, int, char** values, char**) {
    static_cast<Columns*>(into)->insert(values[0]);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(file,
                         "SELECT t.name || '.' || c.name FROM sqlite_schema AS t, "
                         "pragma_table_info(t.name) AS c "
                         "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'",
                         add, &columns, nullptr),
            SQLITE_OK);
  sqlite3_close(file);
  return columns;
}

TEST(ImageColumns, EveryColumnOfTheSqliteSchemaIsCopiedOrLeftOutOnPurpose) {
  const TemporaryDirectory directory;
  SystemClock clock;
  const std::string path = directory.path() + "/ledger.db";
  ASSERT_TRUE(SqliteLedger::create(path, clock).has_value());
  EXPECT_THAT(known(sqlite::image_columns(), sqlite::columns_left_out()),
              testing::ContainerEq(columns_of_file(path)));
}

TEST(ImageColumns, EveryColumnOfThePostgresSchemaIsCopiedOrLeftOutOnPurpose) {
  if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  SystemClock clock;
  const std::string name = shared_postgres()->make_database();
  ASSERT_TRUE(migrate_postgres_ledger(shared_postgres()->url(name), clock).has_value());
  std::string left_out;
  for (const std::string& table : postgres::tables_left_out()) {
    left_out += (left_out.empty() ? "'" : ", '") + table + "'";
  }
  std::istringstream lines(shared_postgres()->psql(
      name,
      "SELECT c.relname || '.' || a.attname FROM pg_class AS c JOIN pg_attribute AS a "
      "ON a.attrelid = c.oid WHERE c.relnamespace = 'waybill'::regnamespace "
      "AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 "
      "AND NOT a.attisdropped AND c.relname NOT IN (" +
          left_out + ")"));
  Columns columns;
  for (std::string line; std::getline(lines, line);) columns.insert(line);
  EXPECT_THAT(known(postgres::image_columns(), postgres::columns_left_out()),
              testing::ContainerEq(columns));
  shared_postgres()->drop_database(name);
}

}  // namespace
}  // namespace waybill
