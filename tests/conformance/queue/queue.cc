#include <gmock/gmock.h>

#include <atomic>
#include <set>
#include <thread>

#include "base/mutex.h"
#include "tests/conformance/queue/suite.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueConformance);

void QueueConformance::make(const QueueLimits& limits) {
  queue_ = GetParam().make(clock_, limits);
  ASSERT_NE(queue_, nullptr);
}

void QueueConformance::publish(const std::vector<Message>& messages) {
  const auto answers = queue_->publish(messages);
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), messages.size());
  for (const Status& answer : *answers) ASSERT_TRUE(answer.has_value()) << answer.error().message;
}

std::vector<Delivery> QueueConformance::receive(std::size_t limit) {
  const auto deliveries = queue_->receive(limit, {.at = clock_.steady_now()});
  EXPECT_TRUE(deliveries.has_value()) << deliveries.error().message;
  EXPECT_LE(deliveries->size(), limit);
  return *deliveries;
}

Delivery QueueConformance::receive_one() {
  const auto deliveries = receive();
  EXPECT_EQ(deliveries.size(), 1u);
  return deliveries.empty() ? Delivery{} : deliveries[0];
}

namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Message> some_messages(int first, int last) {
  std::vector<Message> messages;
  for (int i = first; i <= last; ++i) messages.push_back({.id = std::to_string(i), .body = "{}"});
  return messages;
}

std::vector<std::string> ids_of(const std::vector<Delivery>& deliveries) {
  std::vector<std::string> ids;
  for (const Delivery& delivery : deliveries) ids.push_back(delivery.message.id);
  return ids;
}

TEST_P(QueueConformance, AMessageArrivesWithIdBodyAndAttributes) {
  const std::string body("{\"n\":1}\0\xff", 9);
  publish({{.id = "m1", .body = body, .attributes = {{"trace", "t1"}, {"a", ""}}}});
  const Delivery delivery = receive_one();
  EXPECT_EQ(delivery.message.id, "m1");
  EXPECT_EQ(delivery.message.body, body);
  EXPECT_THAT(delivery.message.attributes,
              ::testing::UnorderedElementsAre(std::pair("trace", "t1"), std::pair("a", "")));
  EXPECT_EQ(delivery.delivery_count, 1u);
}

TEST_P(QueueConformance, AnEmptyQueueGivesNothingWhenTheDeadlineHasPassed) {
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueConformance, NoMoreThanTheLimitIsReceived) {
  publish(some_messages(1, 5));
  EXPECT_EQ(receive(2).size(), 2u);
  EXPECT_EQ(receive(100).size(), 3u);
}

TEST_P(QueueConformance, WhatIsOrderedComesFirstInFirstOut) {
  publish(some_messages(1, 4));
  auto ids = ids_of(receive());
  if (!queue_->caps().ordered) std::ranges::sort(ids);
  EXPECT_THAT(ids, ElementsAre("1", "2", "3", "4"));
}

TEST_P(QueueConformance, ADeliveredMessageIsHiddenFromOthers) {
  publish(some_messages(1, 1));
  receive_one();
  EXPECT_THAT(receive(), IsEmpty());
  clock_.advance(30s - 1us);
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueConformance, AMessageThatNobodyAckedInTimeIsDeliveredAgain) {
  publish(some_messages(1, 1));
  const Delivery first = receive_one();
  clock_.advance(30s);
  const Delivery second = receive_one();
  EXPECT_EQ(second.message.id, first.message.id);
  EXPECT_NE(second.receipt, first.receipt);
  EXPECT_EQ(second.delivery_count, 2u);
}

TEST_P(QueueConformance, AnAckedMessageIsGone) {
  publish(some_messages(1, 2));
  const auto deliveries = receive();
  ASSERT_EQ(deliveries.size(), 2u);
  ASSERT_TRUE(queue_->ack(std::vector{deliveries[0].receipt}).has_value());
  clock_.advance(1h);
  EXPECT_EQ(receive_one().message.id, deliveries[1].message.id);
}

TEST_P(QueueConformance, ANackedMessageIsThereAgainAtOnce) {
  publish(some_messages(1, 1));
  const Delivery first = receive_one();
  ASSERT_TRUE(queue_->nack(std::vector{first.receipt}).has_value());
  EXPECT_EQ(receive_one().message.id, first.message.id);
}

TEST_P(QueueConformance, AReceiptWhoseTimeIsOverIsPassedOver) {
  publish(some_messages(1, 1));
  const Delivery first = receive_one();
  clock_.advance(30s);
  const Delivery second = receive_one();
  EXPECT_TRUE(queue_->ack(std::vector{first.receipt}).has_value());
  EXPECT_TRUE(queue_->nack(std::vector{first.receipt}).has_value());
  EXPECT_THAT(receive(), IsEmpty());
  clock_.advance(30s);
  EXPECT_EQ(receive_one().message.id, second.message.id);
}

TEST_P(QueueConformance, AnUnknownReceiptIsPassedOverAndTheOthersStillCount) {
  publish(some_messages(1, 1));
  const Delivery delivery = receive_one();
  EXPECT_TRUE(queue_->ack(std::vector<std::string>{"unknown", delivery.receipt}).has_value());
  clock_.advance(1h);
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueConformance, AnExtendedMessageStaysHiddenForThatLongFromNow) {
  publish(some_messages(1, 1));
  const Delivery delivery = receive_one();
  clock_.advance(20s);
  ASSERT_TRUE(queue_->extend(std::vector{delivery.receipt}, 60s).has_value());
  clock_.advance(60s - 1us);
  EXPECT_THAT(receive(), IsEmpty());
  clock_.advance(1us);
  EXPECT_EQ(receive_one().message.id, "1");
}

TEST_P(QueueConformance, AnExtendedMessageCanBeAckedWithTheSameReceipt) {
  publish(some_messages(1, 1));
  const Delivery delivery = receive_one();
  ASSERT_TRUE(queue_->extend(std::vector{delivery.receipt}, 60s).has_value());
  clock_.advance(45s);
  ASSERT_TRUE(queue_->ack(std::vector{delivery.receipt}).has_value());
  clock_.advance(1h);
  EXPECT_THAT(receive(), IsEmpty());
}

TEST_P(QueueConformance, ExtendingAfterTheTimeIsOverIsNotFound) {
  publish(some_messages(1, 1));
  const Delivery delivery = receive_one();
  clock_.advance(30s);
  EXPECT_EQ(queue_->extend(std::vector{delivery.receipt}, 60s).error().code, Code::not_found);
  EXPECT_EQ(receive().size(), 1u);
}

TEST_P(QueueConformance, ABodyThatIsTooBigIsRefusedWithBothSizesAndTheOthersAreTaken) {
  make({.body_bytes_max = 10});
  EXPECT_EQ(queue_->caps().body_bytes_max, 10u);
  const auto answers = queue_->publish(std::vector<Message>{
      {.id = "big", .body = std::string(11, 'x')}, {.id = "fits", .body = std::string(10, 'x')}});
  ASSERT_TRUE(answers.has_value());
  ASSERT_FALSE((*answers)[0].has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  EXPECT_NE((*answers)[0].error().message.find("11"), std::string::npos);
  EXPECT_NE((*answers)[0].error().message.find("10"), std::string::npos);
  EXPECT_TRUE((*answers)[1].has_value());
  EXPECT_EQ(receive_one().message.id, "fits");
}

TEST_P(QueueConformance, AFullQueueRefusesUntilSomethingIsAcked) {
  make({.messages_max = 2});
  publish(some_messages(1, 2));
  const auto refused = queue_->publish(some_messages(3, 3));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ((*refused)[0].error().code, Code::resource_exhausted);
  const auto hidden = receive(1);
  ASSERT_EQ(hidden.size(), 1u);
  EXPECT_FALSE((*queue_->publish(some_messages(3, 3)))[0].has_value());
  ASSERT_TRUE(queue_->ack(std::vector{hidden[0].receipt}).has_value());
  publish(some_messages(3, 3));
}

TEST_P(QueueConformance, AReceiverThatWaitsIsWokenByAMessage) {
  std::vector<Delivery> deliveries;
  std::jthread receiver([&] { deliveries = *queue_->receive(10, {}); });
  publish(some_messages(1, 1));
  receiver.join();
  EXPECT_THAT(ids_of(deliveries), ElementsAre("1"));
}

TEST_P(QueueConformance, AStopEndsAWait) {
  std::stop_source stop;
  std::jthread receiver([&] {
    const auto deliveries = queue_->receive(10, {.stop = stop.get_token()});
    ASSERT_TRUE(deliveries.has_value());
    EXPECT_THAT(*deliveries, IsEmpty());
  });
  stop.request_stop();
}

TEST_P(QueueConformance, EachMessageGoesToOneOfManyReceivers) {
  constexpr int kMessages = 200;
  std::atomic<int> received = 0;
  Mutex mutex;
  std::multiset<std::string> ids;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        while (received < kMessages) {
          const auto deliveries = queue_->receive(7, {.at = clock_.steady_now()});
          ASSERT_TRUE(deliveries.has_value());
          const Lock lock(mutex);
          for (const Delivery& delivery : *deliveries) ids.insert(delivery.message.id);
          received += static_cast<int>(deliveries->size());
        }
      });
      threads.emplace_back([&, t] {
        for (int i = 0; i < kMessages / 4; ++i) publish(some_messages(t * 1000 + i, t * 1000 + i));
      });
    }
  }
  EXPECT_EQ(ids.size(), static_cast<std::size_t>(kMessages));
  EXPECT_EQ(std::set<std::string>(ids.begin(), ids.end()).size(), ids.size());
}

}  // namespace
}  // namespace waybill
