// `waybill workflow-manager --task-queue-kind amqp` from outside, against a real RabbitMQ.

#include <gmock/gmock.h>

#include <filesystem>

#include "adapters/amqp/queue.h"
#include "adapters/local/system_clock.h"
#include "tests/e2e/program.h"
#include "tests/queues/rabbit.h"

namespace waybill::e2e {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr int kBatches = 25;

class AmqpWorkflowTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = Rabbit::instance().missing(); !missing.empty())
      GTEST_SKIP() << missing;
    static int last = 0;
    topic_ = "intake-" + std::to_string(++last);
    for (int i = 0; i < kBatches; ++i) {
      for (const char* part : {"batch", "batch.avro", "batch.sig"}) {
        place_.write("in/kittens/2020/10/31/11/30/b" + std::to_string(i) + "." + part, "");
      }
    }
    place_.write("own/.keep/x", "");
    place_.write("peer/.keep/x", "");
    place_.write("url", Rabbit::instance().url() + "\n");
  }
  Ran run(const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"workflow-manager",
                                          "--ingestor-input=file://" + place_.path("in"),
                                          "--own-validation-input=file://" + place_.path("own"),
                                          "--peer-validation-input=file://" + place_.path("peer"),
                                          "--task-queue-kind=amqp",
                                          "--intake-tasks-topic=" + topic_,
                                          "--aggregate-tasks-topic=" + topic_ + "-aggregate",
                                          "--now=2020-10-31T12:00:00Z"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return place_.run(arguments);
  }
  std::string url_file() const { return "--amqp-url-file=" + place_.path("url"); }
  /// All messages of the queue, until none has come for a second.
  std::vector<Message> received(const std::string& name) {
    AmqpQueue queue(clock_, {.connection = {.url = Rabbit::instance().url()}, .queue = name});
    std::vector<Message> all;
    for (;;) {
      const auto some = queue.receive(100, {.at = clock_.steady_now() + seconds(1)});
      EXPECT_TRUE(some.has_value()) << some.error().message;
      if (!some || some->empty()) return all;
      for (const Delivery& delivery : *some) {
        all.push_back(delivery.message);
        EXPECT_TRUE(queue.ack(std::vector{delivery.receipt}));
      }
    }
  }

  SystemClock clock_;
  Place place_;
  std::string topic_;
};

constexpr const char* kMarker = "own/task-markers/intake-kittens-2020-10-31-11-30-b7";

TEST_F(AmqpWorkflowTest, PublishesEachTaskOnceUnderItsTraceIdAndMarksIt) {
  const Ran first = run({url_file()});
  EXPECT_EQ(first.status, 0) << first.err;
  EXPECT_EQ(run({url_file()}).status, 0);
  const auto messages = received(topic_);
  EXPECT_EQ(messages.size(), std::size_t{kBatches});
  for (const Message& message : messages) {
    EXPECT_THAT(message.body,
                AllOf(HasSubstr("{\"trace-id\":\"" + message.id + "\",\"aggregation-id\""),
                      HasSubstr("\"date\":\"2020/10/31/11/30\"}")));
  }
  EXPECT_TRUE(place_.exists(kMarker));
}

TEST_F(AmqpWorkflowTest, TakesTheUrlFromItsVariableAndShowsNoPassword) {
  place_.environment["WAYBILL_AMQP_URL"] = Rabbit::instance().url();
  const Ran ran = run({"--amqp-queue-type=quorum", "--log-level=debug"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.err, Not(HasSubstr("guest:guest")));
  place_.environment["WAYBILL_AMQP_URL"] = "amqp://guest:wrongword@" + Rabbit::instance().place();
  std::filesystem::remove_all(place_.path("own/task-markers"));
  const Ran refused = run({"--amqp-queue-type=quorum", "--log-level=debug"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("logging in"), Not(HasSubstr("wrongword"))));
}

TEST_F(AmqpWorkflowTest, AnExchangeTakesTheTopicsAsRoutingKeys) {
  const Ran lost = run({url_file(), "--amqp-exchange=amq.direct"});
  EXPECT_EQ(lost.status, 1) << "no queue is bound to it";
  EXPECT_THAT(lost.err, HasSubstr("'" + topic_ + "'"));
  EXPECT_FALSE(place_.exists(kMarker)) << "a marker only comes after a confirmed message";
}

TEST_F(AmqpWorkflowTest, ABrokerThatIsNotThereIsAFailureAndNothingIsMarked) {
  const Ran ran = run({"--amqp-url=amqp://127.0.0.1:" + std::to_string(free_port())});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("failed to enqueue intake task"));
  EXPECT_FALSE(place_.exists(kMarker));
  EXPECT_EQ(run({url_file()}).status, 0);
  EXPECT_EQ(received(topic_).size(), std::size_t{kBatches});
}

TEST_F(AmqpWorkflowTest, ADryRunNeedsNoBroker) {
  const Ran ran = run({"--amqp-url=amqp://127.0.0.1:1", "--dry-run"});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("intake kittens 2020/10/31/11/30 b7"));
}

}  // namespace
}  // namespace waybill::e2e
