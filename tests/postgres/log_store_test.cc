// The output of tasks in a database: batches, rivals, and what a server restart leaves.

#include "adapters/postgres/log_store.h"

#include <gmock/gmock.h>

#include <barrier>
#include <thread>

#include "testing/builders.h"
#include "tests/postgres/lossy_proxy.h"
#include "tests/postgres/server.h"
#include "tests/postgres/stores.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::SizeIs;

LogChunk piece(std::string bytes, std::uint32_t attempt = 1) {
  return {.attempt = attempt, .at = Time(1'800'000'000s), .bytes = std::move(bytes)};
}

class PostgresLogs : public testing::Test {
 protected:
  void SetUp() override {
    database_ = emptied_stores();
    if (database_.empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    one_ = std::make_unique<ServerStores>(database_);
    two_ = std::make_unique<ServerStores>(database_);
  }
  std::string text(int task = 1) {
    std::string text;
    const auto page = two_->logs.read(task_id(task), "", 1 << 20);
    EXPECT_TRUE(page) << page.error().message;
    for (const LogChunk& chunk : page->chunks) text += chunk.bytes;
    return text;
  }
  std::string query(const std::string& statement) {
    return shared_postgres()->psql(database_, statement);
  }
  void end_sessions() {
    const std::string ours =
        "FROM pg_stat_activity WHERE application_name = 'waybill' AND datname = current_database()";
    query("SELECT pg_terminate_backend(pid) " + ours);
  }

  std::string database_;
  std::unique_ptr<ServerStores> one_;
  std::unique_ptr<ServerStores> two_;
};

TEST_F(PostgresLogs, WhatOneServerWasGivenAnotherOneReads) {
  ASSERT_TRUE(one_->logs.append(task_id(1), piece("a")));
  EXPECT_EQ(text(), "a");
}

TEST_F(PostgresLogs, ABatchIsWrittenOnceHoweverOftenItComes) {
  const std::vector<LogChunk> first = {piece("1"), piece(""), piece("2")};
  const std::vector<LogChunk> second = {piece("3"), piece("4")};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(one_->logs.append_all(task_id(1), first, 0));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(two_->logs.append_all(task_id(1), second, 2));
  EXPECT_EQ(text(), "1234");
  ASSERT_TRUE(one_->logs.append_all(task_id(1), std::vector{piece("next", 2)}, 0));
  EXPECT_EQ(text(), "1234next") << "each attempt is counted for itself";
}

TEST_F(PostgresLogs, OfABatchThatIsThereInPartTheRestIsWritten) {
  ASSERT_TRUE(one_->logs.append(task_id(1), piece("1")));
  ASSERT_TRUE(one_->logs.append(task_id(1), piece("2")));
  ASSERT_TRUE(one_->logs.append_all(task_id(1), std::vector{piece("2"), piece("3")}, 1));
  EXPECT_EQ(text(), "123");
  ASSERT_TRUE(one_->logs.append_all(task_id(1), std::vector{piece("7")}, 6));
  EXPECT_EQ(text(), "1237") << "what was lost before is no reason";
}

TEST_F(PostgresLogs, ABatchThatTwoServersAreGivenAtOnceIsWrittenOnce) {
  std::barrier gate(2);
  for (int round = 1; round <= 25; ++round) {
    const auto put = [&](ServerStores& server) {
      gate.arrive_and_wait();
      const Status done =
          server.logs.append_all(task_id(round), std::vector{piece("a"), piece("b")}, 0);
      EXPECT_TRUE(done) << done.error().message;
    };
    {
      std::jthread first([&] { put(*one_); });
      std::jthread second([&] { put(*two_); });
    }
    EXPECT_EQ(text(round), "ab");
  }
}

TEST_F(PostgresLogs, RepeatsAtOneServerAreWrittenOnceToo) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      for (int task = 1; task <= 10; ++task) {
        EXPECT_TRUE(one_->logs.append_all(task_id(task), std::vector{piece("a"), piece("b")}, 0));
      }
    });
  }
  threads.clear();
  for (int task = 1; task <= 10; ++task) EXPECT_EQ(text(task), "ab");
}

TEST_F(PostgresLogs, ManyPiecesOfManyTasksAreAllThereInOrder) {
  {
    std::vector<std::jthread> threads;
    for (int task = 1; task <= 8; ++task) {
      threads.emplace_back([&, task] {
        for (int i = 0; i < 100; ++i) {
          ASSERT_TRUE(one_->logs.append(task_id(task), piece(std::to_string(i) + " ")));
        }
      });
    }
  }
  std::string expected;
  for (int i = 0; i < 100; ++i) expected += std::to_string(i) + " ";
  for (int task = 1; task <= 8; ++task) EXPECT_EQ(text(task), expected);
  EXPECT_EQ(query("SELECT max(number) FROM waybill.log_chunks"), "99\n") << "without gaps";
}

TEST_F(PostgresLogs, OutputIsCompressed) {
  std::string line;
  for (int i = 0; line.size() < 64 << 10; ++i) line += "line " + std::to_string(i) + " is done\n";
  ASSERT_TRUE(one_->logs.append(task_id(1), piece(line)));
  EXPECT_EQ(text(), line);
  EXPECT_EQ(query("SELECT pg_column_size(bytes) < octet_length(bytes) / 2 FROM waybill.log_chunks"),
            "t\n");
}

TEST_F(PostgresLogs, APieceThatIsTooLongIsRefusedAndHoldsNobodyUp) {
  const Status refused =
      one_->logs.append(task_id(1), piece(std::string(kLogChunkBytesMax + 1, 'x')));
  EXPECT_EQ(refused.error().code, Code::invalid_argument);
  EXPECT_TRUE(one_->logs.append(task_id(1), piece("y")));
  EXPECT_EQ(text(), "y");
}

TEST_F(PostgresLogs, ThereMayBeMoreTasksThanOnALogPage) {
  query(
      "INSERT INTO waybill.log_chunks (task, attempt, number, at, stream, bytes) "
      "SELECT md5(n::text)::uuid, a, 0, 0, 0, 'x' FROM generate_series(1, 1100) AS n, "
      "generate_series(1, 2) AS a");
  std::vector<std::size_t> pages;
  std::vector<Uuid> all;
  std::string cursor;
  do {
    const auto page = one_->logs.logged(cursor);
    ASSERT_TRUE(page) << page.error().message;
    pages.push_back(page->ids.size());
    all.insert(all.end(), page->ids.begin(), page->ids.end());
    cursor = page->next_cursor;
  } while (!cursor.empty() && pages.size() < 10);
  EXPECT_THAT(pages, ElementsAre(500u, 500u, 100u));
  std::ranges::sort(all);
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST_F(PostgresLogs, WhatAConnectionIsLostUnderIsWrittenOnce) {
  LogChunk chunk = piece("0 ");
  std::string expected;
  for (int i = 0; i < 20; ++i, chunk.at += 1us) {
    chunk.bytes = std::to_string(i) + " ";
    expected += chunk.bytes;
    // The end comes before the call, in it, or after it.
    std::jthread ending([&] { end_sessions(); });
    const Status kept = one_->logs.append(task_id(1), chunk);
    EXPECT_TRUE(kept) << kept.error().message;
  }
  EXPECT_EQ(text(), expected);
}

TEST_F(PostgresLogs, WhatIsThereThoughTheAnswerWasLostIsNotWrittenAgain) {
  LossyProxy proxy(shared_postgres()->port());
  SystemClock clock;
  Pool pool({.connect = {.conninfo = "host=127.0.0.1 user=postgres dbname=" + database_ +
                                     " port=" + std::to_string(proxy.port())}},
            clock);
  Database database(pool);
  PostgresLogStore logs(database);
  ASSERT_TRUE(logs.append(task_id(1), piece("a")));
  for (const char* next : {"b", "c"}) {
    proxy.lose_next_answer();
    const Status kept = logs.append_all(task_id(1), std::vector{piece(next), piece(",")}, {});
    EXPECT_TRUE(kept) << kept.error().message;
    EXPECT_TRUE(proxy.has_lost());
  }
  EXPECT_EQ(text(), "ab,c,");
}

TEST_F(PostgresLogs, OnlyItsOwnCommitsDoNotWaitForTheDisk) {
  ASSERT_TRUE(one_->logs.append(task_id(1), piece("a")));
  ASSERT_TRUE(one_->database.transaction([](Connection& connection) {
    return connection.run_script(
        "DO $$ BEGIN ASSERT current_setting('synchronous_commit') = 'on'; END $$", {});
  })) << "the connection is the same one";
  query(
      "CREATE TABLE public.seen AS SELECT '' AS setting;"
      "CREATE FUNCTION public.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
      "UPDATE public.seen SET setting = current_setting('synchronous_commit'); RETURN NULL; END $$;"
      "CREATE TRIGGER note AFTER INSERT ON waybill.log_chunks EXECUTE FUNCTION public.note()");
  ASSERT_TRUE(one_->logs.append(task_id(1), piece("b")));
  EXPECT_EQ(query("SELECT setting FROM public.seen"), "off\n");
  query(
      "DROP TRIGGER note ON waybill.log_chunks; DROP FUNCTION public.note; DROP TABLE public.seen");
}

}  // namespace
}  // namespace waybill::postgres
