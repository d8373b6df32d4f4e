// One URL with two brokers: when the first is away the second carries on.

#include <gmock/gmock.h>

#include "adapters/amqp/queue.h"
#include "adapters/local/system_clock.h"
#include "tests/queues/rabbit.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

class AmqpHostsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto missing = first_.missing(); !missing.empty()) GTEST_SKIP() << missing;
  }
  AmqpOptions options(const std::string& url) const {
    return {.connection = {.url = url},
            .queue = "hosts.tasks",
            .exchange = "hosts",
            .routing_key = "tasks",
            .type = AmqpQueueType::classic,
            .makes = AmqpMakes::topology,
            .dead_letter_exchange = "hosts-dead"};
  }
  static Status publish(AmqpQueue& queue, const std::string& id) {
    return queue.publish(std::vector<Message>{{.id = id, .body = "{}"}}).value()[0];
  }
  std::string receive(AmqpQueue& queue) {
    const SteadyTime until = clock_.steady_now() + std::chrono::minutes(1);
    const auto some = queue.receive(1, {.at = until});
    if (!some) return some.error().message;
    if (some->empty()) return "nothing";
    EXPECT_TRUE(queue.ack(std::vector{some->front().receipt}).has_value());
    return some->front().message.id;
  }

  SystemClock clock_;
  Rabbit& first_ = Rabbit::instance();
  Rabbit& second_ = Rabbit::another();
};

TEST_F(AmqpHostsTest, TheFirstThatIsThereIsUsedAndTheNextOneWhenItGoes) {
  const std::string both = first_.url_with(second_);
  AmqpQueue queue(clock_, options(both));
  AmqpQueue at_first(clock_, options(first_.url()));
  ASSERT_TRUE(publish(queue, "one").has_value());
  EXPECT_EQ(receive(at_first), "one");
  // A receiver that waits at the first goes to the second as well.
  ASSERT_TRUE(queue.receive(1, {.at = clock_.steady_now()}).has_value());
  first_.crash();
  ASSERT_TRUE(publish(queue, "two").has_value());
  EXPECT_EQ(receive(queue), "two");
}

TEST_F(AmqpHostsTest, ARefusalIsOfAllHosts) {
  std::string url = second_.url_with(first_);  // the other test ends the first
  url.replace(url.find("guest@"), 5, "wrong");
  AmqpQueue queue(clock_, options(url));
  const Status answer = publish(queue, "one");
  ASSERT_FALSE(answer.has_value());
  EXPECT_EQ(answer.error().code, Code::unauthenticated);
  EXPECT_THAT(answer.error().message, HasSubstr(second_.place()));
}

}  // namespace
}  // namespace waybill
