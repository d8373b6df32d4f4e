// waybill.enqueue: tasks that programs make in transactions of their own.

#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/connection.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "base/json.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class PostgresEnqueue : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
    ASSERT_TRUE(made.has_value()) << made.error().message;
    server_ = std::move(*made);
    psql(
        "DO $$ BEGIN CREATE ROLE shop LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;"
        "GRANT USAGE ON SCHEMA waybill TO shop;"
        "GRANT EXECUTE ON FUNCTION waybill.enqueue TO shop;"
        "CREATE TABLE orders (number int); GRANT ALL ON orders TO shop");
  }
  void TearDown() override {
    if (name_.empty()) return;
    const auto checked = server_->admin().check();
    ASSERT_TRUE(checked.has_value()) << checked.error().message;
    for (const Violation& violation : checked->violations) {
      ADD_FAILURE() << violation.invariant << " " << violation.subject << ": " << violation.message;
    }
    server_.reset();
    shared_postgres()->drop_database(name_);
  }

  std::string psql(const std::string& script) { return shared_postgres()->psql(name_, script); }
  /// What psql writes for a transaction of the user `shop`, who may do no more than enqueue.
  std::string shop(const std::string& script) {
    return psql("SET SESSION AUTHORIZATION shop; BEGIN;" + script);
  }
  std::unique_ptr<postgres::Connection> open() {
    auto opened =
        postgres::Connection::open({.conninfo = shared_postgres()->url(name_, "shop")}, clock_, {});
    WAYBILL_CHECK(opened.has_value(), opened.error().message.c_str());
    return std::move(*opened);
  }
  /// Until so many sessions wait for locks: each sees that somewhere in its commit.
  void await_waiters(const std::string& count) {
    const auto patience = std::chrono::steady_clock::now() + 60s;
    while (psql("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND "
                "wait_event_type = 'Lock'") != count + "\n") {
      ASSERT_LT(std::chrono::steady_clock::now(), patience) << "not as many wait as should";
    }
  }
  std::vector<Task> tasks() {
    const auto page = server_->reader().page({.order = PageOrder::oldest_first});
    EXPECT_TRUE(page.has_value()) << page.error().message;
    EXPECT_TRUE(page->damaged.empty());
    return page->tasks;
  }

  SystemClock clock_;
  std::string name_;
  std::unique_ptr<PostgresLedger> server_;
};

TEST_F(PostgresEnqueue, ATaskIsThereOnceTheTransactionCommits) {
  const auto connection = open();
  ASSERT_TRUE(connection->run_script(
      "BEGIN; INSERT INTO orders VALUES (7); SELECT waybill.enqueue('command', "
      "params => '{\"order\": 7}', queue => 'shop', priority => 5, spec => '{\"command\": "
      "[\"true\"]}')",
      {}));
  EXPECT_TRUE(tasks().empty());
  EXPECT_TRUE(server_->reader().events(0, 10)->empty());
  ASSERT_TRUE(connection->run_script("COMMIT", {}));
  const auto made = tasks();
  ASSERT_EQ(made.size(), 1u);
  TaskRequest expected;
  expected.id = made[0].id();
  expected.queue = "shop";
  expected.kind = "command";
  expected.spec = "{\"command\": [\"true\"]}";
  expected.params = "{\"order\": 7}";
  expected.priority = 5;
  expected.created_by = "sql:shop";
  EXPECT_EQ(made[0].request, expected);
  TaskStatus ready;
  ready.run_at = made[0].created_at;
  EXPECT_EQ(made[0].status, ready);
  const auto events = server_->reader().events(0, 10);
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ(events->front().entry.happening, Happening::created);
  EXPECT_EQ(events->front().entry.reason, "sql:shop");
  EXPECT_EQ(server_->reader().history(made[0].id())->size(), 1u);
  const auto leased = server_->ledger().claim({.worker = "w", .lease = 1min});
  ASSERT_EQ(leased->size(), 1u);
  EXPECT_EQ(leased->front().id(), made[0].id());
}

TEST_F(PostgresEnqueue, NothingIsLeftOfATransactionThatIsRolledBack) {
  shop("SELECT waybill.enqueue('noop', queue => 'new', dedup_key => 'k'); ROLLBACK");
  EXPECT_TRUE(tasks().empty());
  EXPECT_TRUE(server_->reader().events(0, 10)->empty());
  EXPECT_TRUE(server_->reader().counts()->empty());
  EXPECT_EQ(psql("SELECT count(*) FROM waybill.enqueued"), "0\n");
}

TEST_F(PostgresEnqueue, ATaskMayBeForLater) {
  shop("SELECT waybill.enqueue('noop', run_at => '2100-01-01T00:00:00Z'); COMMIT");
  const auto made = tasks();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].status.state, State::scheduled);
  TaskRequest expected = a_task().created_by("sql:shop");
  expected.id = made[0].id();
  expected.run_at = parse_time("2100-01-01T00:00:00Z").value();
  EXPECT_EQ(made[0].request, expected);
  EXPECT_EQ(made[0].status.run_at, expected.run_at);
}

TEST_F(PostgresEnqueue, ADedupKeyLeadsToTheTaskThatHasIt) {
  const TaskRequest ours = a_task(1).dedup("theirs");
  ASSERT_TRUE(server_->ledger().insert({&ours, 1}).has_value());
  const std::string again = "SELECT waybill.enqueue('noop', dedup_key => 'theirs'); COMMIT";
  EXPECT_EQ(shop(again), to_string(ours.id) + "\n");
  const std::string twice =
      "SELECT count(DISTINCT id) FROM (SELECT waybill.enqueue('noop', dedup_key => 'own', "
      "dedup_scope => 'forever') AS id FROM generate_series(1, 3)) AS made; COMMIT";
  EXPECT_EQ(shop(twice), "1\n");
  EXPECT_EQ(tasks().size(), 2u);
  const TaskRequest late = a_task(2).dedup("own");
  EXPECT_EQ(server_->ledger().insert({&late, 1})->front().outcome, InsertOutcome::duplicate);
}

TEST_F(PostgresEnqueue, AKeyThatIsTakenMeanwhileFailsTheCommitAndNothingElse) {
  const auto connection = open();
  ASSERT_TRUE(
      connection->run_script("BEGIN; SELECT waybill.enqueue('noop', dedup_key => 'k')", {}));
  const TaskRequest rival = a_task(1).dedup("k");
  const auto inserted = server_->ledger().insert({&rival, 1});
  ASSERT_TRUE(inserted.has_value()) << "nobody is held up: " << inserted.error().message;
  EXPECT_EQ(inserted->front().outcome, InsertOutcome::inserted);
  EXPECT_FALSE(connection->run_script("COMMIT", {}));
  EXPECT_EQ(connection->last_sqlstate(), "40001");
  EXPECT_EQ(tasks().size(), 1u);
}

TEST_F(PostgresEnqueue, OfRivalsForAKeyOneMakesTheTask) {
  constexpr int kRivals = 4;
  std::vector<std::jthread> rivals;
  for (int rival = 0; rival < kRivals; ++rival) {
    rivals.emplace_back([&] {
      const auto connection = open();
      for (int i = 0; i < 20; ++i) {
        const Status done = connection->run_script("SELECT waybill.enqueue('noop', queue => 'q" +
                                                       std::to_string(i) + "', dedup_key => 'k" +
                                                       std::to_string(i) + "')",
                                                   {});
        EXPECT_TRUE(done) << done.error().message;
      }
    });
  }
  rivals.clear();
  EXPECT_EQ(tasks().size(), 20u);
}

TEST_F(PostgresEnqueue, AFollowerMissesNothingOfTransactionsThatCommitInAnyOrder) {
  const auto early = open();
  const auto late = open();
  const std::string enqueue = "SELECT waybill.enqueue('noop', queue => 'q')";
  ASSERT_TRUE(early->run_script("BEGIN; " + enqueue, {}));
  ASSERT_TRUE(late->run_script("BEGIN; " + enqueue + "; " + enqueue + "; COMMIT", {}));
  const auto seen = server_->reader().events(0, 10);
  ASSERT_EQ(seen->size(), 2u);
  const TaskRequest between = a_task(1);
  ASSERT_TRUE(server_->ledger().insert({&between, 1}).has_value());
  ASSERT_TRUE(early->run_script("COMMIT", {}));
  const auto rest = server_->reader().events(seen->back().sequence, 10);
  ASSERT_EQ(rest->size(), 2u);
  EXPECT_EQ(rest->front().id, between.id);
}

TEST_F(PostgresEnqueue, ManyOfOneTransactionAreToldOfInFewRows) {
  const auto began = std::chrono::steady_clock::now();
  shop(
      "SELECT count(waybill.enqueue('noop', queue => 'q' || number % 3, params => "
      "jsonb_build_object('number', number), run_at => CASE WHEN number = 5 THEN "
      "timestamptz '2100-01-01' END)) FROM generate_series(1, 5000) AS number; COMMIT");
  EXPECT_LT(std::chrono::steady_clock::now() - began, 60s);
  EXPECT_EQ(psql("SELECT string_agg(change_count || ' ' || changes_until || ' ' || "
                 "cardinality(counted), ', ' ORDER BY commit_number) FROM waybill.events"),
            "4096 4096 24, 904 5000 24\n");
  EXPECT_EQ(psql("SELECT count(*) FROM waybill.enqueued"), "0\n");
  EXPECT_EQ(psql("SELECT bool_and(params = '{\"number\": ' || number || '}') FROM (SELECT params, "
                 "row_number() OVER (ORDER BY handle) AS number FROM waybill.tasks) AS task"),
            "t\n")
      << "they were accepted in the order of the calls";
  const auto counts = server_->reader().counts();
  ASSERT_EQ(counts->size(), 3u);
  const auto events = server_->reader().events(0, 6000);
  ASSERT_EQ(events->size(), 5000u);
  EXPECT_EQ(events->back().queue, "q2");
}

TEST_F(PostgresEnqueue, WhatASavepointUndoesIsNotMade) {
  shop(
      "SAVEPOINT s; SELECT waybill.enqueue('undone'); ROLLBACK TO s;"
      "SELECT waybill.enqueue('first'); SAVEPOINT t; SELECT waybill.enqueue('undone');"
      "ROLLBACK TO t; SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED;"
      "SELECT waybill.enqueue('last'); COMMIT");
  const auto made = tasks();
  ASSERT_EQ(made.size(), 2u);
  EXPECT_EQ(made[0].request.kind, "first");
  EXPECT_EQ(made[1].request.kind, "last");
}

TEST_F(PostgresEnqueue, RivalsThatBringNewLanesCommitBoth) {
  shop("SELECT waybill.enqueue('noop', queue => 'old'); COMMIT");
  const auto holder = open();
  ASSERT_TRUE(holder->run_script("BEGIN; SELECT pg_advisory_xact_lock(1467567207, 2)", {}));
  const auto commit = [&](const std::string& one, const std::string& other) {
    const auto connection = open();
    const Status done =
        connection->run_script("BEGIN; SELECT waybill.enqueue('noop', queue => '" + one +
                                   "'), waybill.enqueue('noop', queue => '" + other + "'); COMMIT",
                               {});
    EXPECT_TRUE(done) << done.error().message;
  };
  std::jthread first([&] { commit("old", "new1"); });
  await_waiters("1");
  std::jthread second([&] { commit("new2", "old"); });
  await_waiters("2");
  ASSERT_TRUE(holder->run_script("COMMIT", {}));
  first.join();
  second.join();
  EXPECT_EQ(tasks().size(), 5u);
}

TEST_F(PostgresEnqueue, OfACommitAndAnInsertOfOneKeyTheLaterGivesWay) {
  // A deadlock is the commit's to find, as the ledger would try again and hide it.
  psql("ALTER ROLE postgres IN DATABASE " + name_ + " SET deadlock_timeout = '10min'");
  auto opened = PostgresLedger::create(shared_postgres()->url(name_), clock_);
  ASSERT_TRUE(opened.has_value()) << opened.error().message;
  server_ = std::move(*opened);
  const TaskRequest before = a_task(1);  // so that the lane is there
  ASSERT_TRUE(server_->ledger().insert({&before, 1}).has_value());
  for (const bool commit_is_first : {true, false}) {
    const std::string key = commit_is_first ? "k1" : "k2";
    const auto holder = open();
    ASSERT_TRUE(holder->run_script("BEGIN; SELECT pg_advisory_xact_lock(1467567207, 2)", {}));
    const auto connection = open();
    ASSERT_TRUE(connection->run_script("BEGIN; SELECT waybill.enqueue('noop', dedup_key => '" +
                                           key + "', dedup_scope => 'forever')",
                                       {}));
    const auto commit = [&] {
      const Status committed = connection->run_script("COMMIT", {});
      EXPECT_EQ(static_cast<bool>(committed), commit_is_first);
      if (!committed) EXPECT_EQ(connection->last_sqlstate(), "40001");
    };
    const auto insert = [&] {
      const TaskRequest rival = a_task(commit_is_first ? 2 : 3).dedup(key);
      const auto inserted = server_->ledger().insert({&rival, 1});
      ASSERT_TRUE(inserted.has_value()) << inserted.error().message;
      EXPECT_EQ(inserted->front().outcome,
                commit_is_first ? InsertOutcome::duplicate : InsertOutcome::inserted);
    };
    std::jthread first([&] { commit_is_first ? commit() : insert(); });
    await_waiters("1");
    std::jthread second([&] { commit_is_first ? insert() : commit(); });
    await_waiters("2");
    ASSERT_TRUE(holder->run_script("COMMIT", {}));
  }
  EXPECT_EQ(tasks().size(), 3u);
}

TEST_F(PostgresEnqueue, SettingsOfTheSessionChangeNothing) {
  psql(
      "SET session_replication_role = replica; SET standard_conforming_strings = off;"
      "SELECT waybill.enqueue('noop', run_at => '1950-01-01T00:00:00Z')");
  const auto made = tasks();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].status.state, State::ready);
  EXPECT_EQ(made[0].request.run_at, Time{});
}

TEST_F(PostgresEnqueue, WhatIsWrongIsSaidAtTheCall) {
  const auto connection = open();
  const auto refusal = [&](const std::string& arguments) {
    const Status refused = connection->run_script("SELECT waybill.enqueue(" + arguments + ")", {});
    return refused ? std::string("taken") : refused.error().message;
  };
  EXPECT_THAT(refusal("'No Name'"), HasSubstr("kind: must be 1 to 200 characters"));
  EXPECT_THAT(refusal("NULL"), HasSubstr("kind: must be 1 to 200 characters"));
  EXPECT_THAT(refusal("'noop', queue => ''"), HasSubstr("queue: must be 1 to 200 characters"));
  EXPECT_THAT(refusal("'noop', priority => 101"), HasSubstr("priority: must be between"));
  EXPECT_THAT(refusal("'noop', params => '[]'"), HasSubstr("params: must be a JSON object"));
  EXPECT_THAT(refusal("'noop', spec => NULL"), HasSubstr("spec: must be a JSON object"));
  for (const std::string time : {"infinity", "-infinity", "10000-01-01", "294276-12-31"}) {
    EXPECT_THAT(refusal("'noop', run_at => '" + time + "'"), HasSubstr("run_at: must be a time"));
    EXPECT_EQ(connection->last_sqlstate(), "22023");
  }
  EXPECT_THAT(refusal("'noop', priority => NULL"), HasSubstr("priority: must be between"));
  EXPECT_THAT(refusal("'noop', queue => NULL"), HasSubstr("queue: must be 1 to 200 characters"));
  EXPECT_THAT(refusal("'noop', params => NULL"), HasSubstr("params: must be a JSON object"));
  EXPECT_THAT(refusal("'noop', params => 'null'"), HasSubstr("params: must be a JSON object"));
  EXPECT_THAT(refusal("'noop', dedup_scope => NULL"), HasSubstr("dedup_scope: must be live"));
  EXPECT_THAT(refusal("'noop', definition => NULL"), HasSubstr("definition: "));
  EXPECT_THAT(refusal("'noop', params => '{\"a\": " + std::string(64, '[') + "1" +
                      std::string(64, ']') + "}'"),
              HasSubstr("params: are nested deeper than 64 levels"));
  EXPECT_THAT(refusal("'noop', dedup_scope => 'x'"), HasSubstr("dedup_scope: must be live"));
  EXPECT_THAT(refusal("'noop', dedup_key => repeat('k', 1025)"), HasSubstr("over 1024 bytes"));
  ASSERT_TRUE(connection->run_script("BEGIN ISOLATION LEVEL REPEATABLE READ", {}));
  EXPECT_THAT(refusal("'noop'"), HasSubstr("a transaction that is repeatable read"));
  ASSERT_TRUE(connection->roll_back({}));
  EXPECT_TRUE(tasks().empty());
}

TEST_F(PostgresEnqueue, WhatIsRightUpToTheEdgeIsTaken) {
  shop(
      "SELECT waybill.enqueue('kiwix.updateSources', run_at => '9999-12-31T23:59:59.999999Z', "
      "priority => -100, definition => repeat('d', 200), dedup_key => '', params => '{\"a\": " +
      std::string(63, '[') + "1e300" + std::string(63, ']') + "}'); COMMIT");
  const auto made = tasks();
  ASSERT_EQ(made.size(), 1u);
  EXPECT_EQ(made[0].request.kind, "kiwix.updateSources");
  EXPECT_EQ(made[0].status.state, State::scheduled);
  EXPECT_EQ(made[0].request.dedup_key, "");
  EXPECT_TRUE(json::parse(made[0].request.params).has_value());
}

TEST_F(PostgresEnqueue, WhoWasNotLetMayNotEnqueue) {
  psql("REVOKE EXECUTE ON FUNCTION waybill.enqueue FROM shop");
  const auto connection = open();
  const Status refused = connection->run_script("SELECT waybill.enqueue('noop')", {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::permission_denied);
}

}  // namespace
}  // namespace waybill
