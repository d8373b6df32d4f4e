#include <gmock/gmock.h>

#include <atomic>
#include <set>

#include "adapters/amqp/queue.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/rabbit.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

std::string fresh_name() {
  static std::atomic<int> last = 0;
  return "tasks-" + std::to_string(++last);
}

AmqpOptions options_for(const std::string& queue) {
  return {.connection = {.url = Rabbit::instance().url()}, .queue = queue, .prefetch = 1000};
}

QueueImplementation implementation(std::string name, AmqpQueueType type) {
  return {.name = std::move(name),
          .make = [type](Clock& clock, const QueueLimits& limits) -> std::unique_ptr<Queue> {
            if (const auto missing = Rabbit::instance().missing(); !missing.empty()) {
              [&] { GTEST_SKIP() << missing; }();
              return nullptr;
            }
            AmqpOptions options = options_for(fresh_name());
            options.type = type;
            options.body_bytes_max = limits.body_bytes_max;
            return std::make_unique<AmqpQueue>(clock, options);
          },
          .time = QueueTime::real};
}

const auto kName = [](const auto& instance) { return instance.param.name; };
const auto kClassic = implementation("classic", AmqpQueueType::classic);
const auto kBoth = testing::Values(kClassic, implementation("quorum", AmqpQueueType::quorum));
INSTANTIATE_TEST_SUITE_P(Amqp, QueueConformance, kBoth, kName);
INSTANTIATE_TEST_SUITE_P(Amqp, QueueReceiving, kBoth, kName);

class AmqpServerTest : public QueueConformance {};

TEST_P(AmqpServerTest, AQueueWithOtherPropertiesSaysWhatToDo) {
  AmqpOptions options = options_for(fresh_name());
  options.type = AmqpQueueType::classic;
  AmqpQueue first(clock(), options);
  ASSERT_TRUE(first.publish(numbered_messages(1, 1)).value()[0]);
  options.type = AmqpQueueType::quorum;
  AmqpQueue second(clock(), options);
  const auto answers = second.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::failed_precondition);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr(options.queue));
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("delete it"));
}

TEST_P(AmqpServerTest, WithATopologyAQueueThatIsThereIsUsedAsItIs) {
  AmqpOptions options = options_for(fresh_name());
  options.type = AmqpQueueType::classic;
  AmqpQueue first(clock(), options);
  ASSERT_TRUE(first.publish(numbered_messages(1, 1)).value()[0]);
  options.type = AmqpQueueType::quorum;
  options.makes = AmqpMakes::topology;
  options.exchange = options.queue + "-exchange";
  options.routing_key = "key";
  options.dead_letter_exchange = options.queue + "-dead";
  AmqpQueue second(clock(), options);
  ASSERT_TRUE(second.publish(numbered_messages(2, 2)).value()[0]);
  const auto both = second.receive(2, {.at = soon()});
  ASSERT_TRUE(both.has_value()) << both.error().message;
  std::size_t count = both->size();
  if (count < 2) count += second.receive(1, {.at = soon()}).value().size();
  EXPECT_EQ(count, 2u);
}

TEST_P(AmqpServerTest, ABindingToAnExchangeThatIsNotThereSaysSo) {
  AmqpOptions options = options_for(fresh_name());
  options.makes = AmqpMakes::binding;
  options.exchange = "no-such-exchange";
  AmqpQueue queue(clock(), options);
  const auto received = queue.receive(1, {.at = clock().steady_now()});
  ASSERT_FALSE(received.has_value());
  EXPECT_EQ(received.error().code, Code::not_found);
  EXPECT_THAT(received.error().message, HasSubstr("no-such-exchange"));
}

TEST_P(AmqpServerTest, RepliesGoEachToTheQueueThatItNames) {
  const std::string name = fresh_name();
  AmqpQueue asker(clock(), options_for(name));
  ASSERT_TRUE(asker.receive(1, {.at = clock().steady_now()}).has_value());
  AmqpOptions options = options_for("");
  options.routing = AmqpRouting::by_reply_to;
  AmqpQueue replies(clock(), options);
  const auto answers = replies.publish(
      std::vector<Message>{{.id = "1", .body = "{}", .properties = {.reply_to = name}},
                           {.id = "2", .body = "{}", .properties = {.reply_to = name + "-gone"}}});
  ASSERT_TRUE(answers.has_value());
  EXPECT_TRUE((*answers)[0].has_value());
  EXPECT_EQ((*answers)[1].error().code, Code::not_found);
  const auto got = asker.receive(2, {.at = soon()});
  ASSERT_TRUE(got.has_value() && got->size() == 1u);
  EXPECT_EQ((*got)[0].message.id, "1");
  EXPECT_EQ((*got)[0].message.properties.reply_to, "");
}

TEST_P(AmqpServerTest, AMessageThatNoQueueTakesIsNotFoundWithItsRoutingKey) {
  AmqpOptions options = options_for("");
  options.exchange = "amq.direct";
  options.routing_key = "nowhere";
  AmqpQueue lost(clock(), options);
  const auto answers = lost.publish(numbered_messages(1, 5));
  ASSERT_TRUE(answers.has_value());
  for (const Status& answer : *answers) {
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, Code::not_found);
    EXPECT_THAT(answer.error().message, HasSubstr("'nowhere'"));
  }
}

TEST_P(AmqpServerTest, AnExchangeThatIsNotThereIsNotFound) {
  AmqpOptions options = options_for("");
  options.exchange = "missing";
  AmqpQueue lost(clock(), options);
  const auto answers = lost.publish(numbered_messages(1, 5));
  ASSERT_TRUE(answers.has_value());
  for (const Status& answer : *answers) EXPECT_EQ(answer.error().code, Code::not_found);
}

TEST_P(AmqpServerTest, AWrongPasswordIsUnauthenticatedAndNotShown) {
  AmqpOptions options = options_for("q");
  options.connection.url.replace(options.connection.url.find("guest@"), 5, "hidden");
  AmqpQueue queue(clock(), options);
  const auto answers = queue.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::unauthenticated) << (*answers)[0].error().message;
  EXPECT_THAT((*answers)[0].error().message, Not(HasSubstr("hidden")));
}

TEST_P(AmqpServerTest, ADeliveryComesAgainWhenItsReceiverIsGone) {
  const std::string name = fresh_name();
  auto first = std::make_unique<AmqpQueue>(clock(), options_for(name));
  ASSERT_TRUE(first->publish(numbered_messages(1, 1)).value()[0]);
  ASSERT_EQ(first->receive(1, {.at = soon()}).value().size(), 1u);
  first.reset();
  AmqpQueue second(clock(), options_for(name));
  const auto again = second.receive(1, {.at = soon()});
  ASSERT_TRUE(again.has_value()) << again.error().message;
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ((*again)[0].delivery_count, 2u);
}

TEST_P(AmqpServerTest, WhatWasConfirmedSurvivesACrashAndBothSidesConnectAgain) {
  publish(numbered_messages(1, 100));
  Rabbit::instance().write_declarations();
  const auto before = receive_exactly(10);
  ASSERT_EQ(before.size(), 10u);
  ASSERT_TRUE(queue_->ack(std::vector{before[0].receipt}).has_value());
  // The ack is on its way only; a message that is confirmed after it shows that it has arrived.
  publish(numbered_messages(101, 101));
  Rabbit::instance().crash();
  Rabbit::instance().start();
  publish(numbered_messages(102, 102));
  std::set<std::string> ids;
  while (ids.size() < 101 || !ids.contains("102")) {
    const auto some = queue_->receive(100, {.at = soon()});
    ASSERT_TRUE(some.has_value()) << some.error().message;
    ASSERT_FALSE(some->empty()) << ids.size() << " of 101";
    for (const Delivery& delivery : *some) ids.insert(delivery.message.id);
  }
  EXPECT_TRUE(ids.contains(before[1].message.id));
  EXPECT_TRUE(queue_->ack(std::vector{before[1].receipt}).has_value());
  const Status late = queue_->extend(std::vector{before[1].receipt}, seconds(60));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::not_found);
}

TEST_P(AmqpServerTest, WhatIsReceivedTogetherHasNoMoreBytesThanItMay) {
  AmqpOptions options = options_for(fresh_name());
  options.receive_bytes_max = 2'500'000;
  AmqpQueue queue(clock(), options);
  std::vector<Message> large;
  for (int i = 0; i < 6; ++i) {
    large.push_back({.id = std::to_string(i), .body = std::string(1'000'000, 'x')});
  }
  for (const Status& answer : queue.publish(large).value()) ASSERT_TRUE(answer.has_value());
  std::size_t count = 0;
  while (count < large.size()) {
    const auto some = queue.receive(100, {.at = soon()}).value();
    ASSERT_FALSE(some.empty()) << count;
    EXPECT_LE(some.size(), 3u);
    count += some.size();
  }
}

INSTANTIATE_TEST_SUITE_P(Amqp, AmqpServerTest, testing::Values(kClassic), kName);

}  // namespace
}  // namespace waybill
