#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(QueueReceiving, AMessageArrivesWithItsBodyAndAttributes) {
  const std::string body = "{\"n\":1,\"name\":\"J\xc3\xbcrgen & <b>\\\"\"}\n\t";
  publish({{.id = "m1", .body = body, .attributes = {{"trace", "t1"}, {"a", "\xc3\xbc b"}}}});
  const Delivery delivery = receive_one();
  EXPECT_EQ(delivery.message.body, body);
  EXPECT_THAT(
      delivery.message.attributes,
      ::testing::UnorderedElementsAre(std::pair("trace", "t1"), std::pair("a", "\xc3\xbc b")));
  EXPECT_EQ(delivery.delivery_count, 1u);
}

TEST_P(QueueReceiving, TheIdArrivesIfCapsSaySo) {
  publish(numbered_messages(7, 7));
  const std::string id = receive_one().message.id;
  EXPECT_FALSE(id.empty());
  if (queue_->caps().keeps_id) {
    EXPECT_EQ(id, "7");
  }
}

TEST_P(QueueReceiving, AMessageWithoutAttributesArrivesWithoutAny) {
  publish(numbered_messages(1, 1));
  EXPECT_THAT(receive_one().message.attributes, IsEmpty());
}

TEST_P(QueueReceiving, ABodyOfAnyBytesArrivesAsItWas) {
  const std::string body("{\"n\":1}\0\xff", 9);
  const auto answers = queue_->publish(std::vector<Message>{{.id = "m1", .body = body}});
  ASSERT_TRUE(answers.has_value());
  const auto deliveries = receive_exactly(queue_->caps().binary ? 1 : 0);
  for (const Delivery& delivery : deliveries) EXPECT_EQ(delivery.message.body, body);
}

TEST_P(QueueReceiving, AnEmptyBodyArrivesOrIsRefused) {
  const auto answers = queue_->publish(std::vector<Message>{{.id = "m1", .body = ""}});
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), 1u);
  if ((*answers)[0]) {
    EXPECT_EQ(receive_one().message.body, "");
  } else {
    EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
    EXPECT_THAT(receive(), IsEmpty());
  }
}

TEST_P(QueueReceiving, AnEmptyAttributeArrivesOrItsMessageIsRefused) {
  const std::vector<Message> messages = {{.id = "m1", .body = "b", .attributes = {{"a", ""}}}};
  const auto answers = queue_->publish(messages);
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), 1u);
  if ((*answers)[0]) {
    EXPECT_THAT(receive_one().message.attributes, ElementsAre(std::pair("a", "")));
  } else {
    EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
    EXPECT_THAT(receive(), IsEmpty());
  }
}

TEST_P(QueueReceiving, AnEmptyQueueGivesNothingWhenTheDeadlineHasPassed) {
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueReceiving, NoMoreThanTheLimitIsReceived) {
  publish(numbered_messages(1, 5));
  EXPECT_THAT(receive(0), IsEmpty());
  receive_exactly(2);
  receive_exactly(3);
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueReceiving, WhatIsOrderedComesFirstInFirstOut) {
  publish(numbered_messages(1, 4));
  const auto deliveries = receive_exactly(4);
  std::vector<std::string> bodies;
  for (const Delivery& delivery : deliveries) bodies.push_back(delivery.message.body);
  if (!queue_->caps().ordered) bodies = sorted_bodies(deliveries);
  EXPECT_THAT(bodies, ElementsAre("{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"));
}

TEST_P(QueueReceiving, ADeliveredMessageIsHiddenFromOthers) {
  publish(numbered_messages(1, 1));
  receive_one();
  EXPECT_THAT(receive(), IsEmpty());
  if (simulated()) sim_clock_.advance(seconds(30) - Duration(1));
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueReceiving, AnAckedMessageIsGone) {
  publish(numbered_messages(1, 2));
  const auto deliveries = receive_exactly(2);
  ASSERT_EQ(deliveries.size(), 2u);
  ASSERT_TRUE(queue_->ack(std::vector{deliveries[0].receipt}).has_value());
  ASSERT_TRUE(queue_->nack(std::vector{deliveries[1].receipt}).has_value());
  EXPECT_EQ(receive_one().message.body, deliveries[1].message.body);
}

TEST_P(QueueReceiving, ANackedMessageIsThereAgainAtOnce) {
  publish(numbered_messages(1, 1));
  const Delivery first = receive_one();
  ASSERT_TRUE(queue_->nack(std::vector{first.receipt}).has_value());
  const Delivery second = receive_one();
  EXPECT_EQ(second.message.body, first.message.body);
  EXPECT_EQ(second.message.id, first.message.id);
  if (queue_->caps().counts_deliveries) {
    EXPECT_EQ(second.delivery_count, 2u);
  }
}

TEST_P(QueueReceiving, ManyReceiptsAreAckedInOneCall) {
  publish(numbered_messages(1, 60));
  const auto deliveries = receive_exactly(60);
  std::vector<std::string> receipts;
  for (const Delivery& delivery : deliveries) receipts.push_back(delivery.receipt);
  const std::string last = receipts.back();
  receipts.pop_back();
  ASSERT_TRUE(queue_->ack(receipts).has_value());
  ASSERT_TRUE(queue_->nack(std::vector{last}).has_value());
  EXPECT_EQ(receive_one().message.body, deliveries.back().message.body);
}

TEST_P(QueueReceiving, AnUnknownReceiptIsPassedOverAndTheOthersStillCount) {
  publish(numbered_messages(1, 2));
  const auto deliveries = receive_exactly(2);
  ASSERT_EQ(deliveries.size(), 2u);
  EXPECT_TRUE(queue_->ack(std::vector<std::string>{"unknown", deliveries[0].receipt}).has_value());
  EXPECT_TRUE(queue_->nack(std::vector<std::string>{"unknown", deliveries[1].receipt}).has_value());
  EXPECT_EQ(receive_one().message.body, deliveries[1].message.body);
}

TEST_P(QueueReceiving, NoReceiptsIsNothingToDo) {
  EXPECT_TRUE(queue_->ack({}).has_value());
  EXPECT_TRUE(queue_->nack({}).has_value());
  EXPECT_TRUE(queue_->extend({}, seconds(60)).has_value());
}

TEST_P(QueueReceiving, AnExtendedMessageCanBeAckedWithTheSameReceipt) {
  publish(numbered_messages(1, 1));
  const Delivery delivery = receive_one();
  ASSERT_TRUE(queue_->extend(std::vector{delivery.receipt}, seconds(60)).has_value());
  EXPECT_THAT(receive(), IsEmpty());
  if (simulated()) sim_clock_.advance(seconds(45));
  ASSERT_TRUE(queue_->ack(std::vector{delivery.receipt}).has_value());
  if (simulated()) sim_clock_.advance(std::chrono::hours(1));
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueReceiving, AReceiverThatWaitsIsWokenByAMessage) {
  std::vector<Delivery> deliveries;
  std::jthread receiver([&] {
    const auto received = queue_->receive(10, {});
    ASSERT_TRUE(received.has_value()) << received.error().message;
    deliveries = *received;
  });
  publish(numbered_messages(1, 1));
  receiver.join();
  EXPECT_THAT(sorted_bodies(deliveries), ElementsAre("{\"n\":1}"));
}

TEST_P(QueueReceiving, AStopEndsAWait) {
  std::stop_source stop;
  std::jthread receiver([&] {
    const auto deliveries = queue_->receive(10, {.stop = stop.get_token()});
    ASSERT_TRUE(deliveries.has_value()) << deliveries.error().message;
    EXPECT_THAT(*deliveries, IsEmpty());
  });
  stop.request_stop();
}

TEST_P(QueueReceiving, EachMessageGoesToOneOfManyReceiversWhereItIsSurelyHidden) {
  constexpr int kMessages = 200;
  make({.visibility = seconds(300)});
  std::atomic<int> received = 0;
  Mutex mutex;
  std::multiset<std::string> bodies;
  const Duration patience = simulated() ? Duration(0) : std::chrono::milliseconds(200);
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        while (received < kMessages && !HasFailure()) {
          const auto deliveries = queue_->receive(7, {.at = clock().steady_now() + patience});
          ASSERT_TRUE(deliveries.has_value()) << deliveries.error().message;
          const Lock lock(mutex);
          for (const Delivery& delivery : *deliveries) {
            if (!bodies.contains(delivery.message.body)) ++received;
            bodies.insert(delivery.message.body);
          }
        }
      });
      threads.emplace_back([&, t] {
        for (int i = 0; i < kMessages / 4; ++i) {
          publish(numbered_messages(t * 1000 + i, t * 1000 + i));
        }
      });
    }
  }
  const std::set<std::string> different(bodies.begin(), bodies.end());
  EXPECT_EQ(different.size(), static_cast<std::size_t>(kMessages));
  if (queue_->caps().hides_surely) {
    EXPECT_EQ(bodies.size(), different.size());
  }
}

}  // namespace
}  // namespace waybill
