// What programs on one ledger tell each other of their commits.

#include "adapters/postgres/news.h"

#include <gmock/gmock.h>

#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "testing/builders.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::Not;

class PostgresNews : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
  }
  void TearDown() override {
    if (shared_postgres() != nullptr) shared_postgres()->drop_database(name_);
  }
  std::string url() const { return shared_postgres()->url(name_); }
  Deadline soon() { return {.at = clock_.steady_now() + 30s}; }
  void tell_as_another() const {
    shared_postgres()->psql(name_, "SELECT pg_notify('waybill', 'another')");
  }
  /// Until its looks are as seldom as those of one who is told.
  void await_heard(News& news, Duration before) {
    const SteadyTime until = soon().at;
    while (news.look_every() == before && clock_.steady_now() < until) std::this_thread::yield();
    ASSERT_GT(news.look_every(), before);
  }

  SystemClock clock_;
  std::string name_;
};

TEST_F(PostgresNews, ACommitIsToldToWhoeverListens) {
  const auto ledger = PostgresLedger::create(url(), clock_);
  ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
  const auto ear = Connection::open({.conninfo = url()}, clock_, {});
  ASSERT_TRUE(ear.has_value()) << ear.error().message;
  ASSERT_TRUE((*ear)->run_script("LISTEN waybill", {}));
  ASSERT_TRUE((*ledger)->ledger().insert(some_tasks(1, 1)));
  const auto told = (*ear)->notifications(soon());
  ASSERT_TRUE(told.has_value()) << told.error().message;
  EXPECT_THAT(*told, Not(IsEmpty()));
}

TEST_F(PostgresNews, ACommandThatEndsAtOnceHasToldOfItsCommit) {
  const auto ear = Connection::open({.conninfo = url()}, clock_, {});
  ASSERT_TRUE(ear.has_value()) << ear.error().message;
  ASSERT_TRUE((*ear)->run_script("LISTEN waybill", {}));
  {
    const auto ledger = PostgresLedger::create(url(), clock_);
    ASSERT_TRUE(ledger.has_value()) << ledger.error().message;
    ASSERT_TRUE((*ledger)->ledger().insert(some_tasks(1, 1)));
  }
  const auto told = (*ear)->notifications({.at = clock_.steady_now() + 1s});
  EXPECT_TRUE(told.has_value());
}

TEST_F(PostgresNews, TheBellRingsForOthersAndOneLooksTheLessOften) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  const Duration untold = news.look_every();
  await_heard(news, untold);
  const std::uint64_t seen = bell.rung();
  tell_as_another();
  EXPECT_EQ(bell.wait(seen, soon(), clock_), Bell::Woken::rung);
}

TEST_F(PostgresNews, WhatOthersSayIsNoNumberToTrust) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  await_heard(news, news.look_every());
  for (const char* payload : {"another", "another 41", "9223372036854775807"}) {
    const std::uint64_t before = bell.rung();
    shared_postgres()->psql(name_, "SELECT pg_notify('waybill', '" + std::string(payload) + "')");
    ASSERT_EQ(bell.wait(before, soon(), clock_), Bell::Woken::rung);
    EXPECT_EQ(news.newest(), 0U) << payload;
    EXPECT_TRUE(news.take_doubt()) << payload;
  }
}

TEST_F(PostgresNews, WhatTheLedgerSaysMayBeLessThanWasThought) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  news.learn(42);
  EXPECT_TRUE(news.is_fresh());
  news.learn(7, 42);
  EXPECT_EQ(news.newest(), 7U);
  news.learn(50);
  news.learn(6, 7);  // asked before that commit
  EXPECT_EQ(news.newest(), 50U);
}

TEST_F(PostgresNews, ACommitElsewhereIsFound) {
  const auto here = PostgresLedger::create(url(), clock_);
  const auto there = PostgresLedger::create(url(), clock_);
  ASSERT_TRUE(here.has_value() && there.has_value());
  ASSERT_TRUE((*there)->ledger().insert(some_tasks(1, 1)));
  std::uint64_t seen = (*here)->reader().last_sequence(std::nullopt, soon()).value();
  EXPECT_GT(seen, 0U);
  for (int task = 2; task <= 20; ++task) {
    ASSERT_TRUE((*there)->ledger().insert(some_tasks(task, task)));
    const auto next = (*here)->reader().last_sequence(seen, soon());
    ASSERT_TRUE(next.has_value()) << next.error().message;
    EXPECT_GT(*next, seen);
    EXPECT_EQ(*next, (*there)->reader().last_sequence(std::nullopt, soon()));
    seen = *next;
  }
}

TEST_F(PostgresNews, OnesOwnCommitsRingNothing) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  await_heard(news, news.look_every());
  Bell others;
  News other(database, others);
  await_heard(other, other.look_every());
  const std::uint64_t seen = others.rung();
  const std::uint64_t own = bell.rung();
  news.tell();
  EXPECT_EQ(others.wait(seen, soon(), clock_), Bell::Woken::rung);
  const std::uint64_t again = others.rung();
  tell_as_another();  // comes after it
  EXPECT_EQ(others.wait(again, soon(), clock_), Bell::Woken::rung);
  while (bell.rung() == own) std::this_thread::yield();
  EXPECT_EQ(bell.rung(), own + 1) << "for the other's alone";
}

TEST_F(PostgresNews, WhereOthersDoNotTellOneLooksOftenAgainUntilTheyDo) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  const Duration untold = news.look_every();
  await_heard(news, untold);
  news.found_untold();
  EXPECT_GT(news.look_every(), untold) << "it may have come before its news";
  news.found_untold();
  EXPECT_EQ(news.look_every(), untold);
  tell_as_another();
  await_heard(news, untold);
}

TEST_F(PostgresNews, AListenerThatIsCutOffListensAgain) {
  Pool pool({.connect = {.conninfo = url()}}, clock_);
  Database database(pool);
  Bell bell;
  News news(database, bell);
  const Duration untold = news.look_every();
  await_heard(news, untold);
  shared_postgres()->psql(name_,
                          "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = "
                          "'LISTEN waybill' AND datname = current_database()");
  const SteadyTime until = soon().at;
  while (news.look_every() != untold && clock_.steady_now() < until) std::this_thread::yield();
  await_heard(news, untold);
}

}  // namespace
}  // namespace waybill::postgres
