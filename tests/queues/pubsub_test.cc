#include <glob.h>
#include <gmock/gmock.h>

#include <atomic>

#include "adapters/pubsub/queue.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/loopback_http.h"
#include "tests/queues/server.h"

namespace waybill {
namespace {

using std::chrono::seconds;

constexpr auto kJars =
    "/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib/"
    "cloud-pubsub-emulator-*-all.jar";

class NoToken final : public TokenSource {
 public:
  Result<std::string> token(const Deadline&) override { return std::string(); }
  std::string identity() const override { return "nobody"; }
};

std::string emulator_jar() {
  glob_t found{};
  const bool any = ::glob(kJars, 0, nullptr, &found) == 0 && found.gl_pathc > 0;
  std::string jar = any ? found.gl_pathv[0] : "";
  ::globfree(&found);
  return jar;
}

/// Google's emulator, one for all cases.
class Emulator {
 public:
  static Emulator& instance() {
    static Emulator one;
    return one;
  }
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string endpoint() const {
    return pubsub_endpoint("", {{"PUBSUB_EMULATOR_HOST", "127.0.0.1:" + std::to_string(port_)}});
  }

 private:
  Emulator() {
    const std::string java = find_program("java");
    const std::string jar = emulator_jar();
    if (java.empty() || jar.empty()) {
      missing_ = "Google's Pub/Sub emulator (java and its jar) is not installed";
      return;
    }
    const bool started = server_.start(
        {.command = {java, "-Xmx512m", "-Djava.io.tmpdir=" + server_.directory(), "-jar", jar,
                     "--host=127.0.0.1", "--port=" + std::to_string(port_)},
         .environment = {{"PATH", "/usr/bin:/bin"}},
         .ready = [&] { return accepts(port_); }});
    EXPECT_TRUE(started);
  }

  const int port_ = free_port();
  std::string missing_;
  Server server_;
};

/// A queue on a topic and a subscription of its own, with what its references need.
class OwnPubSubQueue final : public Queue {
 public:
  OwnPubSubQueue(Clock& clock, PubSubOptions options)
      : queue_({.http = http_, .tokens = token_, .clock = clock}, std::move(options)) {}
  PubSubQueue& inner() { return queue_; }
  QueueCaps caps() const override { return queue_.caps(); }
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    return queue_.publish(messages);
  }
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    return queue_.receive(limit, deadline);
  }
  Status ack(std::span<const std::string> receipts) override { return queue_.ack(receipts); }
  Status nack(std::span<const std::string> receipts) override { return queue_.nack(receipts); }
  Status extend(std::span<const std::string> receipts, Duration visibility) override {
    return queue_.extend(receipts, visibility);
  }

 private:
  LoopbackHttp http_;
  NoToken token_;
  PubSubQueue queue_;
};

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
  NoToken token;
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
