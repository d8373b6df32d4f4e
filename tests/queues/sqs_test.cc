#include <gmock/gmock.h>

#include <atomic>
#include <boost/json.hpp>
#include <cstdlib>

#include "adapters/sqs/queue.h"
#include "adapters/sqs/topology.h"
#include "base/json.h"
#include "base/percent.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/moto.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

enum class Way { to_queue, through_topic };

/// `suffix` is ".fifo" for the other kind.
QueueImplementation implementation(std::string name, Way way, const std::string& id_attribute,
                                   const std::string& suffix = "") {
  const auto make = [=](Clock& clock, const QueueLimits& limits) -> std::unique_ptr<Queue> {
    static std::atomic<int> last = 0;
    Moto& moto = Moto::instance();
    if (!moto.missing().empty()) {
      [&] { GTEST_SKIP() << moto.missing(); }();
      return nullptr;
    }
    const std::string own = "tasks-" + std::to_string(++last) + suffix;
    SqsOptions options{.region = "us-east-1",
                       .queue_url = moto.create_queue(own),
                       .sns_endpoint = moto.url(),
                       .sqs_endpoint = moto.url(),
                       .visibility = limits.visibility,
                       .id_attribute = id_attribute,
                       .body_bytes_max = limits.body_bytes_max};
    if (way == Way::through_topic) options.topic_arn = moto.create_topic(own);
    return std::make_unique<OwnSqsQueue>(clock, options);
  };
  return {.name = std::move(name), .make = make, .time = QueueTime::real, .visibility = seconds(2)};
}

const auto kName = [](const auto& instance) { return instance.param.name; };
const auto kDirect = implementation("sqs", Way::to_queue, "");
const auto kByTopic = implementation("sns", Way::through_topic, "");
const auto kWithId = implementation("sns_with_id", Way::through_topic, "id");
const auto kFifo = implementation("sqs_fifo", Way::to_queue, "", ".fifo");
INSTANTIATE_TEST_SUITE_P(Sqs, QueueConformance, testing::Values(kDirect, kByTopic, kFifo), kName);
INSTANTIATE_TEST_SUITE_P(Sqs, QueueReceiving, testing::Values(kDirect, kByTopic, kWithId), kName);
INSTANTIATE_TEST_SUITE_P(Sqs, QueueExpiring, testing::Values(kDirect, kWithId), kName);

// Not the whole suite: of a group that has a message in flight, SQS gives out no other.
class SqsFifoTest : public QueueConformance {};

TEST_P(SqsFifoTest, MessagesComeInOrderWithTheirIds) {
  publish(numbered_messages(1, 5));
  std::vector<std::string> ids;
  for (const Delivery& delivery : receive_exactly(5)) ids.push_back(delivery.message.id);
  EXPECT_THAT(ids, ElementsAre("1", "2", "3", "4", "5"));
}

TEST_P(SqsFifoTest, AnIdThatWasPublishedBeforeIsDroppedByTheBroker) {
  publish(numbered_messages(1, 1));
  publish(numbered_messages(1, 1));
  receive_one();
}

INSTANTIATE_TEST_SUITE_P(Sqs, SqsFifoTest,
                         testing::Values(kFifo, implementation("sns_fifo", Way::through_topic, "",
                                                               ".fifo")),
                         kName);

class SqsServerTest : public QueueConformance {};

TEST_P(SqsServerTest, AQueueThatIsNotThereIsNotFoundAndNamed) {
  const Moto& moto = Moto::instance();
  OwnSqsQueue queue(clock(), {.region = "us-east-1",
                              .queue_url = moto.url() + "/123456789012/missing",
                              .sqs_endpoint = moto.url()});
  const auto deliveries = queue.receive(1, {.at = clock().steady_now()});
  ASSERT_FALSE(deliveries.has_value());
  EXPECT_EQ(deliveries.error().code, Code::not_found) << deliveries.error().message;
  EXPECT_THAT(deliveries.error().message, testing::HasSubstr("/123456789012/missing"));
}

TEST_P(SqsServerTest, ATopicThatIsNotThereIsNotFoundAndNamed) {
  OwnSqsQueue queue(clock(), {.region = "us-east-1",
                              .topic_arn = "arn:aws:sns:us-east-1:123456789012:missing",
                              .sns_endpoint = Moto::instance().url()});
  const auto answers = queue.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::not_found) << (*answers)[0].error().message;
  EXPECT_THAT((*answers)[0].error().message, testing::HasSubstr(":missing"));
}

TEST_P(SqsServerTest, WhatIsReceivedTooOftenGoesToTheDeadLetters) {
  const std::string url = Moto::instance().url();
  LoopbackHttp http;
  AnyCredentials credentials;
  const SqsTopologyParams params{.region = "us-east-1",
                                 .name = "waybill-often",
                                 .sns_endpoint = url,
                                 .sqs_endpoint = url,
                                 .dead_letter_name = "waybill-DEAD",
                                 .receives_max = 2};
  const SqsQueue::Services services{.http = http, .credentials = credentials, .clock = clock()};
  const auto places = make_sqs_topology(services, params);
  ASSERT_TRUE(places.has_value()) << places.error().message;
  ASSERT_TRUE(make_sqs_topology(services, params).has_value()) << "it is there already";
  const SqsOptions common{.region = "us-east-1", .sns_endpoint = url, .sqs_endpoint = url};
  SqsOptions own = common;
  own.topic_arn = places->topic_arn;
  own.queue_url = places->queue_url;
  OwnSqsQueue queue(clock(), own);
  ASSERT_TRUE(queue.publish(numbered_messages(1, 1)).value()[0]);
  for (int received = 0; received < params.receives_max; ++received) {
    const auto some = queue.receive(1, {.at = soon()});
    ASSERT_TRUE(some.has_value() && some->size() == 1u);
    ASSERT_TRUE(queue.nack(std::vector{some->front().receipt}));
  }
  EXPECT_TRUE(queue.receive(1, {.at = clock().steady_now()}).value().empty());
  SqsOptions dead = common;
  dead.queue_url = url + "/123456789012/" + params.dead_letter_name;
  OwnSqsQueue letters(clock(), dead);
  const auto letter = letters.receive(1, {.at = soon()});
  ASSERT_TRUE(letter.has_value()) << letter.error().message;
  ASSERT_EQ(letter->size(), 1u);
  EXPECT_EQ(letter->front().message.body, numbered_messages(1, 1)[0].body);
}

INSTANTIATE_TEST_SUITE_P(Sqs, SqsServerTest, testing::Values(kDirect), kName);

}  // namespace
}  // namespace waybill
