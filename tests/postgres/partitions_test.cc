// Partitions of finished tasks, made and dropped by a user who may only read and write.

#include "adapters/postgres/partitions.h"

#include <gmock/gmock.h>

#include "base/check.h"
#include "tests/postgres/as_worker.h"

namespace waybill::postgres {
namespace {

class PostgresPartitions : public AsWorker {
 protected:
  Uuid finished(int number) {
    const TaskRequest request = a_task(number);
    finish({request});
    return request.id;
  }
  std::string partitions() {
    return psql(
        "SELECT string_agg(relname::text, ' ' ORDER BY relname) FROM pg_class "
        "WHERE relispartition AND relkind = 'r'");
  }
};

TEST_F(PostgresPartitions, AreMadeAsTasksEndAndDroppedWhenTheyAreEmpty) {
  const Uuid first = finished(1);
  psql("SELECT setval('waybill.handles', 500000)");
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
  psql("SELECT setval('waybill.handles', 500000)");
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
