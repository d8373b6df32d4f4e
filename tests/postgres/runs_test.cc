// Runs of pipelines on one PostgreSQL ledger, with several servers at them.

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/postgres_ledger.h"
#include "base/check.h"
#include "testing/builders.h"
#include "tests/conformance/run_store/builders.h"
#include "tests/postgres/server.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using namespace run_store_suite;

constexpr int kServers = 3;

class PostgresRuns : public testing::Test {
 protected:
  void SetUp() override {
    if (shared_postgres() == nullptr) GTEST_SKIP() << "PostgreSQL is not installed";
    name_ = shared_postgres()->make_database();
    for (int i = 0; i < kServers; ++i) {
      auto made = PostgresLedger::create(shared_postgres()->url(name_), clock_);
      WAYBILL_CHECK(made.has_value(), made.error().message.c_str());
      servers_.push_back(std::move(*made));
    }
  }
  void TearDown() override {
    if (name_.empty()) return;
    EXPECT_EQ(servers_.front()->admin().check()->violations_found, 0);
    servers_.clear();
    shared_postgres()->drop_database(name_);
  }
  RunHold hold_of(const std::string& holder, std::uint8_t id, std::uint32_t running_max = 0) {
    const Time now = clock_.now();
    return {.id = run_id(id),
            .holder = holder,
            .now = now,
            .until = now + 1min,
            .running_max = running_max};
  }

  SystemClock clock_;
  std::string name_;
  std::vector<std::unique_ptr<PostgresLedger>> servers_;
};

TEST_F(PostgresRuns, OfThoseThatWaitNoMoreBeginThanMayHoweverManyServersTry) {
  constexpr std::uint8_t kRuns = 12;
  for (std::uint8_t id = 1; id <= kRuns; ++id) {
    ASSERT_TRUE(servers_[0]->runs().create(a_run(id)));
  }
  std::atomic<int> begun = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kServers; ++i) {
      threads.emplace_back([&, i] {
        for (std::uint8_t id = 1; id <= kRuns; ++id) {
          const auto held = hold_one(servers_[static_cast<std::size_t>(i)]->runs(),
                                     hold_of("server " + std::to_string(i), id, 2));
          EXPECT_TRUE(held) << held.error().message;
          begun += held.value_or(false);
        }
      });
    }
  }
  EXPECT_EQ(begun, 2);
  EXPECT_EQ(servers_[0]->runs().page({.states = {pipeline::RunState::running}})->runs.size(), 2u);
}

TEST_F(PostgresRuns, OneThatIsNotHeldUndoesNothingOfTheCallsBesideIt) {
  ASSERT_TRUE(servers_[0]->runs().create(a_run(1)));
  ASSERT_TRUE(servers_[0]->runs().create(a_run(2)));
  ASSERT_EQ(hold_one(servers_[0]->runs(), hold_of("one", 1)), true);
  ASSERT_EQ(hold_one(servers_[1]->runs(), hold_of("two", 2)), true);
  constexpr std::uint8_t kRounds = 40;
  {
    std::vector<std::jthread> threads;
    // All on one server, so that they go into the same transactions.
    threads.emplace_back([&] {
      for (std::uint8_t i = 0; i < kRounds; ++i) {
        const auto done = servers_[0]->runs().settle(settled(
            1, {start_of("a[" + std::to_string(i) + "]", static_cast<std::uint8_t>(10 + i))}));
        EXPECT_TRUE(done) << done.error().message;
      }
    });
    threads.emplace_back([&] {
      for (std::uint8_t i = 0; i < kRounds; ++i) {
        const auto done = servers_[0]->runs().settle(settled(
            2, {start_of("b[" + std::to_string(i) + "]", static_cast<std::uint8_t>(100 + i))}));
        EXPECT_EQ(done.error().code, Code::aborted);
      }
    });
    for (int thread = 0; thread < 2; ++thread) {
      threads.emplace_back([&, thread] {
        for (int i = 0; i < kRounds; ++i) {
          const int number = 1000 * (thread + 1) + i;
          const TaskRequest task = some_tasks(number, number).front();
          const auto done = servers_[0]->ledger().insert({&task, 1});
          EXPECT_TRUE(done) << done.error().message;
        }
      });
    }
  }
  EXPECT_EQ(servers_[0]->runs().nodes({.run = run_id(1), .limit = 1000})->size(), kRounds);
  EXPECT_TRUE(servers_[0]->runs().nodes({.run = run_id(2)})->empty());
  EXPECT_EQ(servers_[0]->reader().page({.limit = 1000})->tasks.size(), 3u * kRounds);
}

}  // namespace
}  // namespace waybill
