#include <gmock/gmock.h>

#include <atomic>
#include <boost/json.hpp>
#include <cstdlib>

#include "adapters/sqs/queue.h"
#include "base/json.h"
#include "base/percent.h"
#include "tests/conformance/queue/suite.h"
#include "tests/queues/loopback_http.h"
#include "tests/queues/server.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr auto kAuthorization =
    "AWS4-HMAC-SHA256 Credential=x/20200101/us-east-1/%/aws4_request, SignedHeaders=host, "
    "Signature=0";

class AnyCredentials final : public AwsCredentialSource {
 public:
  Result<AwsCredentials> credentials(const Deadline&) override {
    return AwsCredentials{.access_key_id = "x", .secret_access_key = "x"};
  }
  std::string identity() const override { return "anybody"; }
};

/// moto's server, one for all cases. It does not check signatures.
class Moto {
 public:
  static Moto& instance() {
    static Moto one;
    return one;
  }
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// A call of an administrator; its answer.
  std::string call(const std::string& service, HttpHeaders headers, std::string body) {
    std::string authorization = kAuthorization;
    authorization.replace(authorization.find('%'), 1, service);
    headers.emplace_back("Authorization", authorization);
    LoopbackHttp http;
    const auto response = http.send(
        {.method = "POST", .url = url() + "/", .headers = headers, .body = std::move(body)}, {});
    EXPECT_TRUE(response.has_value() && response->status == 200)
        << (response ? response->body : response.error().message);
    return response ? response->body : "";
  }
  std::string create_queue(const std::string& name) {
    const bool fifo = name.ends_with(".fifo");
    const auto answer = json::parse(call(
        "sqs",
        {{"Content-Type", "application/x-amz-json-1.0"}, {"X-Amz-Target", "AmazonSQS.CreateQueue"}},
        "{\"QueueName\":\"" + name + "\"" +
            (fifo ? ",\"Attributes\":{\"FifoQueue\":\"true\"}}" : "}")));
    return answer ? std::string(answer->at("QueueUrl").as_string()) : "";
  }
  /// A topic that passes on its messages, raw, to the queue of the same name.
  std::string create_topic(const std::string& name) {
    const bool fifo = name.ends_with(".fifo");
    call_sns("Action=CreateTopic&Name=" + name +
             (fifo ? "&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true" : ""));
    const std::string arn = "arn:aws:sns:us-east-1:123456789012:" + name;
    call_sns("Action=Subscribe&Protocol=sqs&TopicArn=" + to_percent(arn) +
             "&Endpoint=" + to_percent("arn:aws:sqs:us-east-1:123456789012:" + name) +
             "&Attributes.entry.1.key=RawMessageDelivery&Attributes.entry.1.value=true");
    return arn;
  }

 private:
  Moto() {
    const std::string program = find_program("moto_server");
    if (program.empty()) {
      missing_ = "moto_server, which stands for SNS and SQS, is not installed";
      return;
    }
    const bool started =
        server_.start({.command = {program, "-H", "127.0.0.1", "-p", std::to_string(port_)},
                       .environment = {{"PATH", std::getenv("PATH")},
                                       {"HOME", server_.directory()},
                                       {"TMPDIR", server_.directory()},
                                       {"AWS_ACCESS_KEY_ID", "x"},
                                       {"AWS_SECRET_ACCESS_KEY", "x"}},
                       .ready = [&] { return accepts(port_); }});
    EXPECT_TRUE(started);
  }
  void call_sns(const std::string& form) {
    call("sns", {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
         form + "&Version=2010-03-31");
  }

  const int port_ = free_port();
  std::string missing_;
  Server server_;
};

/// A queue with what its references need.
class OwnSqsQueue final : public Queue {
 public:
  OwnSqsQueue(Clock& clock, SqsOptions options)
      : queue_({.http = http_, .credentials = credentials_, .clock = clock}, std::move(options)) {}
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
  AnyCredentials credentials_;
  SqsQueue queue_;
};

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

INSTANTIATE_TEST_SUITE_P(Sqs, SqsServerTest, testing::Values(kDirect), kName);

}  // namespace
}  // namespace waybill
