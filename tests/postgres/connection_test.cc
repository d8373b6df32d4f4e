// The connection layer against a real server: values, errors, lost connections, stops.

#include "adapters/postgres/connection.h"

#include <gmock/gmock.h>

#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/database.h"
#include "tests/postgres/lossy_proxy.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class PostgresConnection : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
  }

  std::unique_ptr<Connection> open() {
    auto opened = Connection::open(params(), clock_, {});
    EXPECT_TRUE(opened.has_value()) << opened.error().message;
    return std::move(*opened);
  }
  ConnectParams params() const { return {.conninfo = shared_postgres()->url("postgres")}; }

  SystemClock clock_;
};

TEST_F(PostgresConnection, AScriptRunsAndARefusalHasACodeAndLeavesTheConnectionUsable) {
  const auto connection = open();
  EXPECT_TRUE(connection->run_script("SELECT 1; SELECT 2", {}));
  const Status refused = connection->run_script("SELECT * FROM nowhere.at_all", {});
  EXPECT_EQ(refused.error().code, Code::failed_precondition);
  EXPECT_EQ(connection->last_sqlstate(), "42P01");
  EXPECT_FALSE(connection->is_lost());
  EXPECT_TRUE(connection->run_script("SELECT 1", {}));
}

TEST_F(PostgresConnection, TheFirstFailureOfAPipelineIsItsAnswerAndUndoesIt) {
  const auto connection = open();
  const Call calls[] = {{Sql::begin_write, {}},
                        {Sql::note_version, Params().integer(1)},  // no such table here
                        {Sql::commit, {}}};
  const auto answers = connection->run_all(calls, {});
  ASSERT_FALSE(answers.has_value());
  EXPECT_EQ(answers.error().code, Code::failed_precondition);
  EXPECT_TRUE(connection->in_transaction());
  EXPECT_TRUE(connection->roll_back({}));
  EXPECT_FALSE(connection->in_transaction());
  EXPECT_TRUE(connection->run(Sql::find_schema, {}, {}).has_value());
}

TEST_F(PostgresConnection, AServerThatOnlyReadsIsLeftForOneThatIsThePrimaryByThen) {
  const auto connection = open();
  const Status refused = connection->run_script("BEGIN READ ONLY; CREATE TABLE t (a int)", {});
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("name the primary server, not a standby"));
  EXPECT_TRUE(connection->is_lost());
}

TEST_F(PostgresConnection, WhatIsCommittedIsOnDiskWhateverTheDatabasesDefaultIs) {
  const auto setting_beside = [&](const std::string& fallback) {
    const auto connection = open();
    EXPECT_TRUE(connection->run_script("SET synchronous_commit = " + fallback, {}));
    const Call calls[] = {{Sql::begin_write, {}}, {Sql::write_settings, {}}};
    const auto answers = connection->run_all(calls, {});
    EXPECT_TRUE(answers.has_value()) << answers.error().message;
    return std::string((*answers)[1].text(0, 7));
  };
  EXPECT_EQ(setting_beside("off"), "on");
  EXPECT_EQ(setting_beside("local"), "local");
  EXPECT_EQ(setting_beside("remote_apply"), "remote_apply");
}

TEST_F(PostgresConnection, ACutConnectionIsUnavailableAndSaysThatItIsLost) {
  const auto connection = open();
  shared_postgres()->psql("postgres",
                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE application_name = 'waybill'");
  const auto answer = connection->run(Sql::find_schema, {}, {});
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::unavailable);
  EXPECT_TRUE(connection->is_lost());
  EXPECT_EQ(connection->run(Sql::find_schema, {}, {}).error().code, Code::unavailable);
}

TEST_F(PostgresConnection, AStopEndsAWaitForTheServer) {
  const auto connection = open();
  std::stop_source stop;
  std::jthread stopper([&] {
    while (shared_postgres()->psql("postgres",
                                   "SELECT count(*) FROM pg_stat_activity WHERE query "
                                   "LIKE 'SELECT pg_sleep%'") == "0\n") {
    }
    stop.request_stop();
  });
  const Status stopped = connection->run_script("SELECT pg_sleep(30)", {.stop = stop.get_token()});
  EXPECT_EQ(stopped.error().code, Code::cancelled);
  EXPECT_TRUE(connection->is_lost());
}

TEST_F(PostgresConnection, ADeadlineEndsAWaitForTheServer) {
  const auto connection = open();
  const Status late =
      connection->run_script("SELECT pg_sleep(30)", {.at = clock_.steady_now() + 50ms});
  EXPECT_EQ(late.error().code, Code::deadline_exceeded);
  EXPECT_TRUE(connection->is_lost());
}

TEST_F(PostgresConnection, ACallMayTakeLongerWhereThatIsSaid) {
  ConnectParams brief = params();
  brief.call_time_max = 1ms;
  const auto connection = Connection::open(brief, clock_, {});
  {
    const Connection::LongCalls unhurried(**connection);
    EXPECT_TRUE((*connection)->run_script("SELECT pg_sleep(0.2)", {}));
  }
  EXPECT_EQ((*connection)->run_script("SELECT pg_sleep(30)", {}).error().code,
            Code::deadline_exceeded);
}

TEST_F(PostgresConnection, AProgramThatHasToEndWaitsNoLongerForAServerThatIsSilent) {
  std::stop_source hurry;
  ConnectParams hurried = params();
  hurried.hurry = hurry.get_token();
  const auto connection = Connection::open(hurried, clock_, {});
  std::jthread ender([&] {
    while (shared_postgres()->psql("postgres",
                                   "SELECT count(*) FROM pg_stat_activity WHERE query "
                                   "LIKE 'SELECT pg_sleep(59)%'") == "0\n") {
    }
    hurry.request_stop();
  });
  const Status late = (*connection)->run_script("SELECT pg_sleep(59)", {});
  EXPECT_EQ(late.error().code, Code::deadline_exceeded);
  EXPECT_TRUE((*connection)->is_lost());
  // What answers is still asked.
  const auto other = Connection::open(hurried, clock_, {});
  ASSERT_TRUE(other.has_value()) << other.error().message;
  EXPECT_TRUE((*other)->run_script("SELECT 1", {}));
}

TEST_F(PostgresConnection, AProgramThatHasToEndTriesNothingAgain) {
  std::stop_source hurry;
  hurry.request_stop();
  Pool pool({.connect = {.conninfo = "postgres://ann@127.0.0.1:1/x", .hurry = hurry.get_token()},
             .reconnect_time_max = 1h},
            clock_);
  EXPECT_EQ(pool.take({}).error().code, Code::unavailable);
}

TEST_F(PostgresConnection, ADeadlineEndsAWaitForAConnectionThatOthersUse) {
  Pool pool({.connect = params(), .connections_max = 1}, clock_);
  const auto used = pool.take({});
  ASSERT_TRUE(used.has_value()) << used.error().message;
  const auto second = pool.take({.at = clock_.steady_now() + 50ms});
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, Code::deadline_exceeded);
}

TEST_F(PostgresConnection, AHostThatIsSilentIsPassedOver) {
  const LossyProxy silent(LossyProxy::Silent{});
  const std::string hosts = "127.0.0.1:" + std::to_string(silent.port()) +
                            ",127.0.0.1:" + std::to_string(shared_postgres()->port());
  for (const char* options : {"", "?connect_timeout=2"}) {
    const auto opened = Connection::open(
        {.conninfo = "postgres://postgres@" + hosts + "/postgres" + options}, clock_, {});
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_THAT((*opened)->place(), HasSubstr(std::to_string(shared_postgres()->port())));
  }
}

TEST_F(PostgresConnection, WhatCannotBeConnectedToSaysWhyAndNoPassword) {
  const auto refused =
      Connection::open({.conninfo = "postgres://ann:s3cret@127.0.0.1:1/x"}, clock_, {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("127.0.0.1"));
  EXPECT_THAT(refused.error().message, Not(HasSubstr("s3cret")));
  const auto missing =
      Connection::open({.conninfo = shared_postgres()->url("nowhere")}, clock_, {});
  EXPECT_EQ(missing.error().code, Code::not_found);
  const auto nonsense = Connection::open({.conninfo = "mysql://ann:s3cret@x"}, clock_, {});
  EXPECT_EQ(nonsense.error().code, Code::invalid_argument);
  EXPECT_THAT(nonsense.error().message, Not(HasSubstr("s3cret")));
  const auto nobody = Connection::open({.conninfo = "host=127.0.0.1 user=nobody_at_all port=" +
                                                    std::to_string(shared_postgres()->port())},
                                       clock_, {});
  EXPECT_EQ(nobody.error().code, Code::unauthenticated);
}

TEST_F(PostgresConnection, ThePoolReplacesConnectionsThatTheServerClosed) {
  Pool pool({.connect = params()}, clock_);
  Database database(pool);
  ASSERT_TRUE(database.read(Sql::find_schema).has_value());
  shared_postgres()->psql("postgres",
                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                          "WHERE application_name = 'waybill'");
  EXPECT_TRUE(database.read(Sql::find_schema).has_value());
  EXPECT_TRUE(database.transaction([](Connection&) { return Status(); }));
}

TEST_F(PostgresConnection, ATransactionThatFailsLeavesNothingAndItsConnectionIsUsedAgain) {
  Pool pool({.connect = params(), .connections_max = 1}, clock_);
  Database database(pool);
  const Status failed = database.transaction([](Connection& connection) -> Status {
    if (Status made = connection.run_script("CREATE TABLE leftover (a int)", {}); !made)
      return made;
    return fail(Code::aborted, "changed our mind");
  });
  EXPECT_EQ(failed.error().code, Code::aborted);
  EXPECT_EQ(shared_postgres()->psql("postgres", "SELECT to_regclass('leftover') IS NULL"), "t\n");
  EXPECT_TRUE(database.read(Sql::find_schema).has_value());
}

TEST_F(PostgresConnection, ATransactionThatMeetsAnotherIsRunAgain) {
  Pool pool({.connect = params()}, clock_);
  Database database(pool);
  int runs = 0;
  const Status done = database.transaction([&](Connection& connection) -> Status {
    if (++runs < 3) {
      return connection.run_script("DO $$ BEGIN RAISE SQLSTATE '40P01'; END $$", {});
    }
    return {};
  });
  EXPECT_TRUE(done.has_value());
  EXPECT_EQ(runs, 3);
}

}  // namespace
}  // namespace waybill::postgres
