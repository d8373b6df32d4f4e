// Who is there and says nothing: heartbeats of both sides, at real brokers.

#include <gmock/gmock.h>

#include <thread>

#include "adapters/amqp/queue.h"
#include "adapters/local/system_clock.h"
#include "tests/postgres/lossy_proxy.h"
#include "tests/queues/rabbit.h"

namespace waybill {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::HasSubstr;

/// Of AMQP 0-9-1: its type, channel 0, no payload, the end of a frame.
const std::string kHeartbeat("\x08\0\0\0\0\0\0\xce", 8);

class AmqpHeartbeatTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = first_.missing(); !missing.empty()) GTEST_SKIP() << missing;
    static int last = 0;
    name_ = "heartbeats-" + std::to_string(++last);
  }
  AmqpOptions options(const std::string& url) const {
    return {.connection = {.url = url, .heartbeat = seconds(1)},
            .queue = name_,
            .type = AmqpQueueType::classic};
  }
  static Status publish(AmqpQueue& queue, const std::string& id) {
    return queue.publish(std::vector<Message>{{.id = id, .body = "{}"}}).value()[0];
  }
  Result<std::vector<Delivery>> receive(AmqpQueue& queue, Duration patience) {
    return queue.receive(1, {.at = clock_.steady_now() + patience});
  }
  /// Waits until the client has sent a heartbeat, and its connection is cut then.
  static void cut_at_a_heartbeat(LossyProxy& proxy) {
    proxy.lose_answer_to(kHeartbeat);
    const auto until = std::chrono::steady_clock::now() + minutes(1);
    while (!proxy.has_lost() && std::chrono::steady_clock::now() < until) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(proxy.has_lost()) << "no heartbeat within a minute";
  }

  SystemClock clock_;
  Rabbit& first_ = Rabbit::instance();
  Rabbit& second_ = Rabbit::another();
  std::string name_;
};

TEST_F(AmqpHeartbeatTest, AReceiverLeavesABrokerThatFellSilentForTheNextHost) {
  AmqpQueue receiver(clock_, options(first_.url_with(second_)));
  ASSERT_TRUE(receive(receiver, Duration(0)).has_value());
  AmqpQueue at_second(clock_, options(second_.url()));
  ASSERT_TRUE(publish(at_second, "one").has_value());
  first_.freeze();
  const auto some = receive(receiver, minutes(1));
  first_.go_on();
  ASSERT_TRUE(some.has_value()) << some.error().message;
  ASSERT_EQ(some->size(), 1u) << "it still waits for the one that is silent";
  EXPECT_EQ(some->front().message.id, "one");
}

TEST_F(AmqpHeartbeatTest, APublisherThatWaitsForAConfirmLeavesABrokerThatFellSilent) {
  AmqpOptions patient = options(first_.url_with(second_));
  patient.confirm_time_max = minutes(10);
  AmqpQueue publisher(clock_, patient);
  ASSERT_TRUE(publish(publisher, "one").has_value());
  first_.freeze();
  const Status answer = publish(publisher, "two");
  first_.go_on();
  ASSERT_TRUE(answer.has_value()) << answer.error().message;
  AmqpQueue at_second(clock_, options(second_.url()));
  const auto some = receive(at_second, minutes(1));
  ASSERT_TRUE(some.has_value() && some->size() == 1u);
  EXPECT_EQ(some->front().message.id, "two");
}

TEST_F(AmqpHeartbeatTest, AReceiverThatNobodyCallsSaysThatItIsThere) {
  LossyProxy proxy(first_.port());
  AmqpQueue receiver(clock_, options(first_.url_by_way_of(proxy.port())));
  ASSERT_TRUE(receive(receiver, Duration(0)).has_value());
  // One after another, each on a connection of its own: none comes from a call.
  cut_at_a_heartbeat(proxy);
  ASSERT_TRUE(publish(receiver, "one").has_value());
  EXPECT_EQ(receive(receiver, minutes(1)).value().size(), 1u);
  cut_at_a_heartbeat(proxy);
}

TEST_F(AmqpHeartbeatTest, APublisherThatIsIdleSaysSoAndHearsThatItsConnectionIsLost) {
  LossyProxy proxy(first_.port());
  AmqpQueue publisher(clock_, options(first_.url_by_way_of(proxy.port())));
  ASSERT_TRUE(publish(publisher, "one").has_value());
  cut_at_a_heartbeat(proxy);
  EXPECT_TRUE(publish(publisher, "two").has_value());
}

TEST_F(AmqpHeartbeatTest, ADeliveryIsHeldOverManyHeartbeatsOfABrokerThatLooksForThem) {
  AmqpQueue holder(clock_, options(first_.url()));
  ASSERT_TRUE(publish(holder, "one").has_value());
  const auto held = receive(holder, minutes(1)).value();
  ASSERT_EQ(held.size(), 1u);
  // The broker ends a connection that was silent for two intervals, here two seconds, and gives
  // what it held to others. Another receiver waits for that, in vain.
  AmqpQueue rival(clock_, options(first_.url()));
  EXPECT_TRUE(receive(rival, seconds(6)).value().empty()) << "it was given to another";
  const std::string receipt = held.front().receipt;
  EXPECT_TRUE(holder.extend(std::span(&receipt, 1), seconds(1)).has_value());
}

}  // namespace
}  // namespace waybill
