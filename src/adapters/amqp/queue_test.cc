#include "adapters/amqp/queue.h"

#include <gmock/gmock.h>

#include "testing/sim_clock.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(AmqpPlace, NamesHostPortAndVhostButNobody) {
  EXPECT_EQ(amqp::place_of("amqp://me:secret@broker:1234/tasks").value(), "broker:1234/tasks");
  EXPECT_EQ(amqp::place_of("http://broker").error().code, Code::invalid_argument);
}

TEST(AmqpQueueTest, ABrokerThatIsNotThereIsUnavailableAndNamedWithoutCredentials) {
  SimClock clock;
  // Port 1 of loopback: nobody listens there.
  AmqpQueue queue(clock, {.connection = {.url = "amqp://me:secret@127.0.0.1:1/v"}, .queue = "q"});
  const auto answers = queue.publish(std::vector<Message>{{.id = "1", .body = "b"}});
  ASSERT_TRUE(answers);
  EXPECT_EQ((*answers)[0].error().code, Code::unavailable);
  EXPECT_THAT((*answers)[0].error().message, HasSubstr("127.0.0.1:1/v"));
  EXPECT_THAT((*answers)[0].error().message, Not(HasSubstr("secret")));
  const auto until = clock.steady_now() + std::chrono::seconds(10);
  const auto deliveries = queue.receive(1, {.at = until});
  EXPECT_EQ(deliveries.error().code, Code::unavailable);
  EXPECT_EQ(clock.steady_now(), until);
}

TEST(AmqpQueueTest, AMessageThatAmqpCannotCarryIsRefusedUnsent) {
  SimClock clock;
  AmqpQueue queue(clock, {.connection = {.url = "amqp://127.0.0.1:1/v"}, .queue = "q"});
  const auto answers = queue.publish(std::vector<Message>{
      {.id = std::string(256, 'i')},
      {.id = "1", .attributes = {{"", "v"}}},
      {.id = "2", .attributes = {{"a", "\xff"}}},
  });
  ASSERT_TRUE(answers);
  for (const Status& answer : *answers) EXPECT_EQ(answer.error().code, Code::invalid_argument);
}

}  // namespace
}  // namespace waybill
