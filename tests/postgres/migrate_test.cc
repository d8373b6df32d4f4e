// Migrations: from nothing, repeated, by rivals, held up by a lock, and of newer programs.

#include "adapters/postgres/migrate.h"

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <set>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {
namespace {

class PostgresMigration : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    pool_ = std::make_unique<Pool>(
        Pool::Params{.connect = {.conninfo = shared_postgres()->url(name_)}}, clock_);
    database_ = std::make_unique<Database>(*pool_);
  }
  void TearDown() override {
    if (pool_) shared_postgres()->drop_database(name_);
  }
  SchemaVersion version() {
    SchemaVersion found;
    EXPECT_TRUE(database_->snapshot([&](Connection& connection) -> Status {
      const auto version = read_schema_version(connection);
      if (!version) return fail(version.error());
      found = *version;
      return {};
    }));
    return found;
  }

  SystemClock clock_;
  std::string name_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresMigration, AnEmptyDatabaseBecomesALedgerOnce) {
  EXPECT_EQ(version().version, 0);
  EXPECT_EQ(*migrate(*database_), 0);
  EXPECT_EQ(version().version, schema_version());
  EXPECT_EQ(*migrate(*database_), schema_version());
}

TEST_F(PostgresMigration, RivalsTakeEachStepOnce) {
  std::barrier start(4);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto done = migrate(*database_);
      EXPECT_TRUE(done.has_value()) << done.error().message;
    });
  }
  threads.clear();
  EXPECT_EQ(version().version, schema_version());
}

TEST_F(PostgresMigration, ServersThatStartTogetherOnAnEmptyDatabaseAllStart) {
  std::barrier start(6);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      const auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
      EXPECT_TRUE(made.has_value()) << made.error().message;
    });
  }
}

TEST_F(PostgresMigration, IsTriedAgainWhereALockIsNotToBeHadInTime) {
  auto rival = Connection::open({.conninfo = shared_postgres()->url(name_)}, clock_, {});
  ASSERT_TRUE(rival.has_value()) << rival.error().message;
  ASSERT_TRUE((*rival)->run_script("BEGIN; SELECT pg_advisory_xact_lock(1467567207, 1)", {}));
  std::atomic<bool> ended = false;
  std::jthread migration([&] {
    const auto done = migrate(*database_);
    EXPECT_TRUE(done.has_value()) << done.error().message;
    ended = true;
  });
  // Each transaction of a migration that waits: a second one means that the first gave up.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::set<std::string> waiting;
  while (waiting.size() < 2) {
    ASSERT_LT(std::chrono::steady_clock::now(), patience) << "nothing was tried again";
    ASSERT_FALSE(ended) << "it did not wait for the rival";
    const std::string seen = shared_postgres()->psql(
        name_,
        "SELECT xact_start FROM pg_stat_activity WHERE datname = current_database() AND "
        "wait_event_type = 'Lock'");
    if (!seen.empty()) waiting.insert(seen);
  }
  ASSERT_TRUE((*rival)->run_script("COMMIT", {}));
  migration.join();
  EXPECT_EQ(version().version, schema_version());
}

TEST_F(PostgresMigration, AnEmptySchemaOfOurNameIsTaken) {
  shared_postgres()->psql(name_, "CREATE SCHEMA waybill");
  EXPECT_EQ(*migrate(*database_), 0);
  EXPECT_EQ(version().version, schema_version());
}

TEST_F(PostgresMigration, AnotherProgramsSchemaIsLeftAlone) {
  shared_postgres()->psql(name_, "CREATE SCHEMA waybill; CREATE TABLE waybill.theirs (a int)");
  const auto refused = migrate(*database_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
}

TEST_F(PostgresMigration, ANewerSchemaIsUsedWhereItSaysSoAndRefusedElse) {
  ASSERT_TRUE(migrate(*database_).has_value());
  shared_postgres()->psql(name_, "UPDATE waybill.ledger SET schema_version = 999");
  EXPECT_TRUE(check_schema(version(), "here"));
  EXPECT_TRUE(migrate(*database_).has_value()) << "there is nothing to do, and nothing wrong";
  shared_postgres()->psql(name_, "UPDATE waybill.ledger SET usable_from = 999");
  const Status refused = check_schema(version(), "here");
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("use a newer waybill"));
  EXPECT_EQ(migrate(*database_).error().code, Code::failed_precondition);
}

TEST_F(PostgresMigration, AnOlderSchemaNamesTheCommandThatBringsItUp) {
  const Status older = check_schema({.version = 0, .usable_from = 0}, "here");
  EXPECT_EQ(older.error().code, Code::failed_precondition);
  EXPECT_THAT(older.error().message, testing::HasSubstr("waybill db migrate"));
}

}  // namespace
}  // namespace waybill::postgres
