// Partitions of finished tasks, made and dropped by a user who may only read and write.

#include "adapters/postgres/partitions.h"

#include <gmock/gmock.h>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {
namespace {

class PostgresPartitions : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    ASSERT_TRUE(migrate_postgres_ledger(shared_postgres()->url(name_), clock_).has_value());
    shared_postgres()->admit_worker(name_);
    const std::string url = shared_postgres()->url(name_, "worker");
    auto made = PostgresLedger::create(url, clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
    pool_ = std::make_unique<Pool>(Pool::Params{.connect = {.conninfo = url}}, clock_);
    database_ = std::make_unique<Database>(*pool_);
  }
  void TearDown() override {
    if (name_.empty()) return;
    server_.reset();
    database_.reset();
    pool_.reset();
    shared_postgres()->drop_database(name_);
  }

  Uuid finished(int number) {
    const TaskRequest request = a_task(number);
    Ledger& ledger = server_->ledger();
    WAYBILL_CHECK(ledger.insert({&request, 1}).has_value(), "it is new");
    const auto tasks = ledger.claim({.only_ids = {request.id}, .worker = "w", .lease = kLease});
    WAYBILL_CHECK(tasks.has_value() && tasks->size() == 1, "nobody else claims it");
    const auto change =
        transition(tasks->front(), event::Succeed{.fence = 1}, {.now = ledger.now()});
    const auto answers = ledger.apply({&*change, 1});
    EXPECT_TRUE(answers.has_value() && answers->front().has_value());
    return request.id;
  }
  std::string partitions() {
    return shared_postgres()->psql(
        name_,
        "SELECT string_agg(relname::text, ' ' ORDER BY relname) FROM pg_class "
        "WHERE relispartition AND relkind = 'r'");
  }

  static constexpr Duration kLease = std::chrono::minutes(1);
  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresLedger> server_;
  std::unique_ptr<Pool> pool_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresPartitions, AreMadeAsTasksEndAndDroppedWhenTheyAreEmpty) {
  const Uuid first = finished(1);
  shared_postgres()->psql(name_, "SELECT setval('waybill.handles', 500000)");
  finished(2);
  EXPECT_EQ(partitions(), "finished_0 finished_1\n");
  EXPECT_EQ(*drop_empty_partitions(*database_), 0);
  const auto removed =
      server_->ledger().remove({&first, 1}, server_->ledger().now() + std::chrono::hours(1));
  EXPECT_EQ(removed->size(), 1u);
  // The removal has looked for empty ones itself.
  EXPECT_EQ(partitions(), "finished_1\n");
  EXPECT_EQ(*drop_empty_partitions(*database_), 0) << "the newest stays";
}

TEST_F(PostgresPartitions, AreLeftWhereAReaderWouldHaveToBeWaitedFor) {
  shared_postgres()->psql(name_, "SELECT setval('waybill.handles', 500000)");
  ASSERT_TRUE(make_partitions(*database_, {0, 1}));
  const Status looked = database_->snapshot([&](Connection& reader) -> Status {
    const auto rows =
        reader.run(Sql::any_finished_between, std::move(Params().integer(0).integer(1)), {});
    if (!rows) return fail(rows.error());
    const auto dropped = drop_empty_partitions(*database_);
    EXPECT_TRUE(dropped.has_value()) << dropped.error().message;
    EXPECT_EQ(*dropped, 0);
    return {};
  });
  EXPECT_TRUE(looked) << looked.error().message;
  EXPECT_EQ(*drop_empty_partitions(*database_), 1);
}

TEST_F(PostgresPartitions, AreMadeForHandlesThatTasksHaveAlone) {
  const Status far = make_partitions(*database_, {7});
  ASSERT_FALSE(far);
  EXPECT_EQ(far.error().code, Code::invalid_argument);
}

TEST_F(PostgresPartitions, AreForThoseToMakeWhoWereLet) {
  for (const std::string function : {"make_partition", "drop_partition"}) {
    EXPECT_EQ(shared_postgres()->psql(
                  name_, "SELECT has_function_privilege('public', 'waybill." + function +
                             "(bigint)', 'EXECUTE'), has_function_privilege('worker', 'waybill." +
                             function + "(bigint)', 'EXECUTE')"),
              "f|t\n");
  }
}

}  // namespace
}  // namespace waybill::postgres
