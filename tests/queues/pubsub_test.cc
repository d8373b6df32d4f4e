#include <gmock/gmock.h>

#include <atomic>

#include "adapters/pubsub/queue.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/pubsub_emulator.h"

namespace waybill {
namespace {

using std::chrono::seconds;

std::unique_ptr<OwnPubSubQueue> make_queue(Clock& clock, const QueueLimits& limits,
                                           const std::string& id_attribute) {
  static std::atomic<int> last = 0;
  const std::string name = "tasks-" + std::to_string(++last);
  auto queue = std::make_unique<OwnPubSubQueue>(
      clock, PubSubOptions{.project = "project",
                           .topic = name,
                           .subscription = name,
                           .endpoint = Emulator::instance().endpoint(),
                           .ack_deadline = limits.visibility,
                           .id_attribute = id_attribute,
                           .body_bytes_max = limits.body_bytes_max});
  const Status created = queue->inner().create_topics();
  EXPECT_TRUE(created.has_value()) << created.error().message;
  return queue;
}

void skip_without_emulator() {
  const std::string missing = Emulator::instance().missing();
  if (!missing.empty()) GTEST_SKIP() << missing;
}

QueueImplementation implementation(std::string name, const std::string& id_attribute) {
  return {
      .name = std::move(name),
      .make = [id_attribute](Clock& clock, const QueueLimits& limits) -> std::unique_ptr<Queue> {
        skip_without_emulator();
        if (testing::Test::IsSkipped()) return nullptr;
        return make_queue(clock, limits, id_attribute);
      },
      .time = QueueTime::real,
      .visibility = seconds(10)};  // the least that a subscription may have
}

const auto kName = [](const auto& instance) { return instance.param.name; };
const auto kBoth = testing::Values(implementation("bare", ""), implementation("with_id", "id"));
INSTANTIATE_TEST_SUITE_P(PubSub, QueueConformance, kBoth, kName);
INSTANTIATE_TEST_SUITE_P(PubSub, QueueReceiving, kBoth, kName);
INSTANTIATE_TEST_SUITE_P(PubSub, QueueExpiring, testing::Values(implementation("bare", "")), kName);

class PubSubEmulatorTest : public QueueConformance {};

TEST_P(PubSubEmulatorTest, TopicsAreCreatedAgainWithoutHarm) {
  auto& queue = static_cast<OwnPubSubQueue&>(*queue_).inner();
  publish(numbered_messages(1, 1));
  const Status again = queue.create_topics();
  ASSERT_TRUE(again.has_value()) << again.error().message;
  receive_one();
}

TEST_P(PubSubEmulatorTest, ATopicThatIsNotThereIsNotFoundAndNamed) {
  LoopbackHttp http;
  NobodysToken token;
  PubSubQueue queue({.http = http, .tokens = token, .clock = clock()},
                    {.project = "project",
                     .topic = "missing",
                     .subscription = "missing",
                     .endpoint = Emulator::instance().endpoint()});
  const auto answers = queue.publish(numbered_messages(1, 1));
  ASSERT_TRUE(answers.has_value());
  EXPECT_EQ((*answers)[0].error().code, Code::not_found);
  EXPECT_THAT((*answers)[0].error().message, testing::HasSubstr("projects/project/topics/missing"));
  EXPECT_EQ(queue.receive(1, {.at = clock().steady_now()}).error().code, Code::not_found);
}

INSTANTIATE_TEST_SUITE_P(PubSub, PubSubEmulatorTest, testing::Values(implementation("bare", "")),
                         kName);

}  // namespace
}  // namespace waybill
