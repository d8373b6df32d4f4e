// `waybill db copy` from a file to a PostgreSQL server and back, also killed in the middle.

#include <gmock/gmock.h>
#include <signal.h>

#include <boost/json.hpp>

#include "adapters/local/system_clock.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/builders.h"
#include "tests/e2e/program.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using testing::HasSubstr;

class CopyProgram : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    database_ = shared_postgres()->make_database();
    url_ = shared_postgres()->url(database_);
  }
  void TearDown() override {
    if (!database_.empty()) shared_postgres()->drop_database(database_);
  }
  std::vector<std::string> copy(const std::string& from, const std::string& to) const {
    return {"db", "copy", "--from", from, "--to", to};
  }

  e2e::Place place_;
  std::string database_;
  std::string url_;
};

TEST_F(CopyProgram, TasksAndTheirOutputGoToADatabaseAndBack) {
  const std::string done = place_.create({"--", "sh", "-c", "echo a word; echo another >&2"});
  ASSERT_EQ(place_.run({"worker", "--until-idle"}).status, 0);
  const std::string waiting = place_.create({"--kind", "noop"});
  const auto up = place_.json("db copy", copy("sqlite:waybill-data", url_));
  EXPECT_EQ(up.at("output").at("tasks"), 1);
  const auto logs = place_.run({"task", "logs", done});
  EXPECT_THAT(logs.out, HasSubstr("another"));
  EXPECT_EQ(place_.run({"task", "logs", done, "--ledger", url_}).out, logs.out);
  const auto down = place_.json("db copy", copy(url_, "sqlite:back"));
  EXPECT_EQ(down.at("tables"), up.at("tables"));
  EXPECT_EQ(down.at("output"), up.at("output"));
  EXPECT_EQ(place_.run({"task", "logs", done, "--data", "back"}).out, logs.out);
  ASSERT_EQ(place_.run({"worker", "--until-idle", "--ledger", url_}).status, 0);
  EXPECT_EQ(place_.json("task show", {"task", "show", waiting, "--ledger", url_}).at("state"),
            "succeeded");
  const e2e::Ran refused = place_.run(copy("sqlite:back", url_));
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("is not empty"));
}

TEST_F(CopyProgram, KilledInTheMiddleItLeavesNothingAndIsBegunAnew) {
  place_.create({"--kind", "noop"});
  {
    SystemClock clock;
    const auto ledger = SqliteLedger::create(place_.path("waybill-data/ledger.db"), clock);
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    ASSERT_TRUE((*ledger)->ledger().insert(some_tasks(1, 20'000)).has_value());
  }
  const auto running = place_.start(copy("sqlite:waybill-data", url_));
  const auto is_writing = [&] {
    return shared_postgres()->psql(
               "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '" + database_ +
                               "' AND query LIKE 'WITH r AS%'") != "0\n";
  };
  while (!is_writing()) continue;
  running->signal(SIGKILL);
  EXPECT_EQ(running->wait().status, 128 + SIGKILL) << "it had ended before";
  const auto stats = place_.json("db stats", {"db", "stats", "--ledger", url_});
  EXPECT_EQ(stats.at("tasks"), 0);
  EXPECT_EQ(place_.run({"db", "check"}).status, 0) << "the first is as it was";
  const auto copied = place_.json("db copy", copy("sqlite:waybill-data", url_));
  EXPECT_EQ(copied.at("tables").as_array().at(2).at("rows"), 20'001);
}

}  // namespace
}  // namespace waybill
