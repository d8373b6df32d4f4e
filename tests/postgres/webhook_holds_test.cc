// Two servers, with clocks that differ, on the webhooks of one database.

#include <gmock/gmock.h>

#include <atomic>
#include <barrier>
#include <thread>

#include "tests/postgres/server.h"
#include "tests/postgres/stores.h"

namespace waybill::postgres {
namespace {

using namespace std::chrono_literals;
using ::testing::SizeIs;

constexpr Time kNow{1'800'000'000s};
constexpr Time kAhead = kNow + 5min;
constexpr Time kBehind = kNow - 5min;

Uuid webhook_id(std::uint8_t last) {
  Uuid id;
  id.bytes[15] = last;
  return id;
}

WebhookPut a_hook(std::string name, std::uint8_t id = 1) {
  return {
      .settings = {.name = std::move(name), .url = "https://x.example/hook", .secrets = {"key"}},
      .id = webhook_id(id),
      .sequence = 7,
      .at = kNow,
      .by = "token:root"};
}

WebhookSettlement settled_by(std::string holder, std::uint64_t sequence) {
  return {.name = "ci",
          .id = webhook_id(1),
          .holder = std::move(holder),
          .health = {.sequence = sequence},
          .changed_at = kNow};
}

class PostgresWebhookHolds : public testing::Test {
 protected:
  void SetUp() override {
    database_ = emptied_stores();
    if (database_.empty()) GTEST_SKIP() << "PostgreSQL is not installed";
    one_ = std::make_unique<ServerStores>(database_);
    two_ = std::make_unique<ServerStores>(database_);
  }
  /// As if so much time had passed at the database.
  void pass(std::chrono::seconds time) {
    shared_postgres()->psql(database_, "UPDATE waybill.webhooks SET held_until = held_until - " +
                                           std::to_string(time.count() * 1'000'000));
  }
  Result<bool> hold(ServerStores& server, const std::string& holder, Time now) {
    return server.webhooks.hold("ci", holder, now, now + 30s);
  }

  std::string database_;
  std::unique_ptr<ServerStores> one_;
  std::unique_ptr<ServerStores> two_;
};

TEST_F(PostgresWebhookHolds, OfTwoServersThatWantItAtOnceOneHoldsIt) {
  ASSERT_TRUE(one_->webhooks.put(a_hook("ci")));
  std::barrier gate(2);
  for (int round = 0; round < 25; ++round) {
    std::atomic<int> held = 0;
    const auto take = [&](ServerStores& server, const std::string& holder) {
      gate.arrive_and_wait();
      const auto got = hold(server, holder, kNow);
      EXPECT_TRUE(got) << got.error().message;
      if (got && *got) ++held;
    };
    {
      std::jthread first([&] { take(*one_, "one"); });
      std::jthread second([&] { take(*two_, "two"); });
    }
    EXPECT_EQ(held, 1);
    pass(31s);
  }
}

TEST_F(PostgresWebhookHolds, ClocksThatDifferNeitherTakeAHoldNorKeepItTooLong) {
  ASSERT_TRUE(one_->webhooks.put(a_hook("ci")));
  ASSERT_EQ(hold(*one_, "one", kAhead), true);
  EXPECT_EQ(hold(*two_, "two", kBehind), false);
  pass(29s);
  EXPECT_EQ(hold(*two_, "two", kBehind), false);
  pass(1s);
  EXPECT_EQ(hold(*two_, "two", kBehind), true) << "its thirty seconds are over";
  EXPECT_EQ(hold(*one_, "one", kAhead), false) << "however late it is there";
  EXPECT_EQ(one_->webhooks.settle(settled_by("one", 8)).error().code, Code::aborted);
  EXPECT_TRUE(two_->webhooks.settle(settled_by("two", 8)));
}

TEST_F(PostgresWebhookHolds, WhoLetsGoLetsTheOtherGoOnAtOnce) {
  ASSERT_TRUE(one_->webhooks.put(a_hook("ci")));
  ASSERT_EQ(hold(*one_, "one", kAhead), true);
  ASSERT_EQ(one_->webhooks.hold("ci", "one", kAhead, kAhead), true);
  EXPECT_EQ(hold(*two_, "two", kBehind), true);
}

TEST_F(PostgresWebhookHolds, OfTwoThatSettleOnlyTheHolderDoes) {
  ASSERT_TRUE(one_->webhooks.put(a_hook("ci")));
  ASSERT_EQ(hold(*two_, "two", kNow), true);
  std::barrier gate(2);
  std::vector<WebhookDelivery> failed;
  for (std::uint64_t sequence = 1; sequence <= 20; ++sequence) {
    failed.push_back(
        {.sequence = sequence, .body = "{}", .attempts = 1, .next_at = kNow, .error = "busy"});
  }
  const auto settle = [&](ServerStores& server, const std::string& holder, bool is_holder) {
    for (std::uint64_t round = 1; round <= 20; ++round) {
      gate.arrive_and_wait();
      WebhookSettlement settlement = settled_by(holder, round);
      settlement.failed = failed;
      if (!is_holder) settlement.delivered = {1, 2, 3};
      const Status done = server.webhooks.settle(settlement);
      EXPECT_EQ(done.has_value(), is_holder);
    }
  };
  {
    std::jthread first([&] { settle(*one_, "one", false); });
    std::jthread second([&] { settle(*two_, "two", true); });
  }
  EXPECT_THAT(*one_->webhooks.deliveries({.name = "ci"}), SizeIs(20));
}

TEST_F(PostgresWebhookHolds, TwoServersTogetherMakeNoMoreThanThereMayBe) {
  for (std::size_t i = 0; i + 1 < kWebhooksMax; ++i) {
    ASSERT_TRUE(
        one_->webhooks.put(a_hook("h" + std::to_string(i), static_cast<std::uint8_t>(i + 10))));
  }
  std::barrier gate(2);
  for (int round = 0; round < 10; ++round) {
    std::atomic<int> made = 0;
    const auto put = [&](ServerStores& server, const std::string& name, std::uint8_t id) {
      gate.arrive_and_wait();
      if (server.webhooks.put(a_hook(name, id))) ++made;
    };
    {
      std::jthread first([&] { put(*one_, "one", 1); });
      std::jthread second([&] { put(*two_, "two", 2); });
    }
    EXPECT_EQ(made, 1);
    EXPECT_EQ(one_->webhooks.remove("one").has_value() + one_->webhooks.remove("two").has_value(),
              1);
  }
}

TEST_F(PostgresWebhookHolds, ARevivalWaitsForASettlementWithNothingInItsHands) {
  ASSERT_TRUE(one_->webhooks.put(a_hook("ci")));
  ASSERT_EQ(hold(*one_, "one", kNow), true);
  WebhookSettlement settlement = settled_by("one", 9);
  settlement.failed = {
      {.sequence = 1, .body = "{}", .attempts = 10, .given_up = true, .error = "busy"}};
  ASSERT_TRUE(one_->webhooks.settle(settlement));
  std::atomic<bool> is_done = false;
  std::jthread reviving;
  const Status settling = one_->database.transaction([&](Connection& connection) -> Status {
    Status locked = connection.run_script("SELECT FROM waybill.webhooks FOR UPDATE", {});
    reviving = std::jthread([&] {
      EXPECT_EQ(two_->webhooks.revive("ci", kNow), 1u);
      is_done = true;
    });
    while (!is_done && shared_postgres()->psql(database_,
                                               "SELECT count(*) FROM pg_stat_activity WHERE "
                                               "datname = current_database() AND "
                                               "wait_event_type = 'Lock'") == "0\n") {
    }
    EXPECT_FALSE(is_done);
    if (!locked) return locked;
    return connection.run_script("SELECT FROM waybill.webhook_deliveries FOR UPDATE NOWAIT", {});
  });
  EXPECT_TRUE(settling) << settling.error().message;
}

}  // namespace
}  // namespace waybill::postgres
