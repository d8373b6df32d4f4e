#include "services/importer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/rng.h"
#include "testing/fake_ledger.h"
#include "testing/fake_queue.h"
#include "testing/forwarding_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A ledger that can be away.
class AwayLedger final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (away) return fail(Code::unavailable, "away");
    return ForwardingLedger::insert(requests);
  }
  bool away = false;
};

class ImporterTest : public testing::Test {
 protected:
  Result<Duration> step() { return importer_.step({.at = clock_.steady_now()}); }
  void publish(Message message) {
    ASSERT_TRUE(from_.publish(std::vector{std::move(message)}).value()[0]);
  }
  std::vector<Task> tasks() {
    auto page = truth_.page({.order = PageOrder::oldest_first});
    return page ? page->tasks : std::vector<Task>{};
  }
  std::vector<Message> all_of(Queue& queue) {
    std::vector<Message> messages;
    const auto deliveries = queue.receive(100, {.at = clock_.steady_now()});
    for (const Delivery& delivery : deliveries.value()) messages.push_back(delivery.message);
    return messages;
  }

  SimClock clock_;
  FakeLedger truth_{clock_};
  AwayLedger ledger_{truth_};
  FakeQueue from_{clock_};
  FakeQueue refused_{clock_, {.messages_max = 2}};
  FakeQueue replies_{clock_};
  Rng rng_{1};
  UuidMaker ids_{rng_};
  Importer importer_{
      {.ledger = ledger_,
       .from = from_,
       .refused = refused_,
       .replies = &replies_,
       .fresh_id = [this] { return ids_.next(clock_.now()); },
       .check_task = [](const TaskRequest& request) -> Status {
         if (request.kind != "gone") return {};
         return fail(Code::invalid_argument, "there is no kind gone");
       }},
      {.name = "archive", .queue = "tasks"},
      {{"fetch", {.name = "fetch", .kind = "noop"}}, {"old", {.name = "old", .kind = "gone"}}}};
};

TEST_F(ImporterTest, AMessageBecomesATaskOnceHoweverOftenItComes) {
  for (int i = 0; i < 3; ++i) {
    publish({.id = "m-1", .body = R"({"n":1})", .properties = {.type = "fetch"}});
    ASSERT_TRUE(step());
  }
  ASSERT_EQ(tasks().size(), 1u);
  EXPECT_EQ(tasks()[0].request.params, R"({"n":1})");
  EXPECT_EQ(from_.size(), 0u);
}

TEST_F(ImporterTest, MalformedOnesAreSetAsideWithTheReasonAndTheOthersAreTaken) {
  publish({.id = "m-1", .body = "x", .properties = {.type = "fetch", .user_id = "eve"}});
  publish({.id = "m-2", .body = "{}", .properties = {.type = "fetch"}});
  publish({.id = "m-3", .body = "{}", .properties = {.type = "old"}});
  ASSERT_TRUE(step());
  EXPECT_EQ(tasks().size(), 1u);
  EXPECT_EQ(from_.size(), 0u);
  const auto refused = all_of(refused_);
  ASSERT_EQ(refused.size(), 2u);
  EXPECT_EQ(refused[0].id, "m-1");
  EXPECT_EQ(refused[0].body, "x");
  EXPECT_EQ(refused[0].properties.type, "fetch");
  EXPECT_EQ(refused[0].properties.user_id, "");
  EXPECT_THAT(refused[0].attributes,
              ElementsAre(Pair("waybill-rejected-reason", HasSubstr("no JSON")),
                          Pair("waybill-import", "archive")));
  EXPECT_THAT(refused[1].attributes[0].second, HasSubstr("no kind gone"));
}

TEST_F(ImporterTest, WhatCannotBeSetAsideStaysWhereItWas) {
  for (int i = 1; i <= 3; ++i) {
    publish({.id = std::to_string(i), .body = "x", .properties = {.type = "fetch"}});
  }
  publish({.id = "4", .body = "{}", .properties = {.type = "fetch"}});
  ASSERT_FALSE(step());
  EXPECT_EQ(tasks().size(), 1u);
  EXPECT_EQ(from_.size(), 1u) << "the others are settled";
  ASSERT_FALSE(step());
  EXPECT_EQ(from_.size(), 1u);
  const auto refused = refused_.receive(10, {.at = clock_.steady_now()});
  ASSERT_EQ(refused->size(), 2u);
  for (const Delivery& each : *refused) ASSERT_TRUE(refused_.ack(std::array{each.receipt}));
  ASSERT_TRUE(step());
  EXPECT_EQ(from_.size(), 0u);
  EXPECT_EQ(tasks().size(), 1u);
}

TEST_F(ImporterTest, AnIdThatAnotherTaskHasKeepsNoMessageOut) {
  const std::string id = "0192f000-0000-7000-8000-000000000001";
  TaskRequest other{.id = parse_uuid(id).value(), .kind = "noop"};
  ASSERT_TRUE(truth_.insert(std::span(&other, 1)));
  for (int i = 0; i < 2; ++i) {
    publish({.id = "", .body = "{}", .properties = {.type = "fetch", .correlation_id = id}});
    ASSERT_TRUE(step());
  }
  ASSERT_EQ(tasks().size(), 2u) << "the other one, and its own, once";
  EXPECT_NE(tasks()[1].id(), other.id);
}

TEST_F(ImporterTest, ALedgerThatIsAwayLosesNoMessage) {
  ledger_.away = true;
  publish({.id = "m-1", .body = "{}", .properties = {.type = "fetch"}});
  const auto failed = step();
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::unavailable);
  EXPECT_THAT(failed.error().message, HasSubstr("import archive"));
  ledger_.away = false;
  ASSERT_TRUE(step());
  EXPECT_EQ(tasks().size(), 1u);
  EXPECT_EQ(from_.size(), 0u);
}

TEST_F(ImporterTest, WhoNamesAQueueIsToldThereWhatBecameOfItsMessage) {
  publish({.id = "m-1", .body = "{}", .properties = {.type = "fetch", .reply_to = "r"}});
  publish({.id = "m-1", .body = "{}", .properties = {.type = "fetch", .reply_to = "r"}});
  publish({.id = "m-2",
           .body = "x",
           .properties = {.type = "fetch", .correlation_id = "c-2", .reply_to = "r"}});
  publish({.id = "m-3", .body = "{}", .properties = {.type = "fetch"}});
  ASSERT_TRUE(step());
  const auto replies = all_of(replies_);
  ASSERT_EQ(replies.size(), 3u);
  const std::string id = to_string(tasks()[0].id());
  EXPECT_EQ(replies[0].body, R"({"data":{"id":")" + id +
                                 R"(","type":"fetch","params":{}},)"
                                 R"("meta":{"code":200,"message":"successfully enqueued task"}})");
  EXPECT_EQ(replies[0].properties.correlation_id, "m-1");
  EXPECT_EQ(replies[0].properties.reply_to, "r");
  EXPECT_THAT(replies[1].body, HasSubstr("was enqueued before"));
  EXPECT_THAT(replies[2].body, HasSubstr(R"({"meta":{"code":400,"error":"the body is no JSON)"));
  EXPECT_EQ(replies[2].properties.correlation_id, "c-2");
}

TEST_F(ImporterTest, AMessageWithoutAnIdIsATaskEachTime) {
  for (int i = 0; i < 2; ++i) publish({.id = "", .body = "", .properties = {.type = "fetch"}});
  ASSERT_TRUE(step());
  EXPECT_EQ(tasks().size(), 2u);
}

}  // namespace
}  // namespace waybill
