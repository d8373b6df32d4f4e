#include <gmock/gmock.h>

#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using ::testing::HasSubstr;

TEST_P(QueueConformance, NothingPublishedIsNothingAnswered) {
  const auto answers = queue_->publish({});
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  EXPECT_TRUE(answers->empty());
}

TEST_P(QueueConformance, EachMessageOfALongCallHasItsAnswer) { publish(numbered_messages(1, 234)); }

TEST_P(QueueConformance, ABodyThatIsTooBigIsRefusedWithBothSizesAndTheOthersAreTaken) {
  make({.body_bytes_max = 10});
  EXPECT_EQ(queue_->caps().body_bytes_max, 10u);
  const auto answers =
      queue_->publish(std::vector<Message>{{.id = "1", .body = std::string(10, 'x')},
                                           {.id = "2", .body = std::string(11, 'x')},
                                           {.id = "3", .body = std::string(10, 'y')}});
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), 3u);
  EXPECT_TRUE((*answers)[0].has_value());
  ASSERT_FALSE((*answers)[1].has_value());
  EXPECT_EQ((*answers)[1].error().code, Code::invalid_argument);
  EXPECT_THAT((*answers)[1].error().message, HasSubstr("11"));
  EXPECT_THAT((*answers)[1].error().message, HasSubstr("10"));
  EXPECT_TRUE((*answers)[2].has_value());
  if (queue_->caps().receives) {
    EXPECT_EQ(receive_exactly(2).size(), 2u);
  }
}

TEST_P(QueueConformance, ABodyOfAnyBytesIsTakenIfCapsSaySoAndElseRefused) {
  const auto answers = queue_->publish(std::vector<Message>{
      {.id = "1", .body = std::string("\0\xff", 2)}, {.id = "2", .body = "text"}});
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), 2u);
  EXPECT_EQ((*answers)[0].has_value(), queue_->caps().binary);
  if (!(*answers)[0]) {
    EXPECT_EQ((*answers)[0].error().code, Code::invalid_argument);
  }
  EXPECT_TRUE((*answers)[1].has_value());
}

TEST_P(QueueReceiving, PropertiesArriveIfCapsSaySo) {
  const Message sent{.id = "1",
                     .body = "{}",
                     .properties = {.type = "fetch",
                                    .content_type = "application/json",
                                    .correlation_id = "c-1",
                                    .reply_to = "answers",
                                    .priority = 7}};
  publish({sent});
  const Message arrived = receive_one().message;
  EXPECT_EQ(arrived.body, "{}");
  if (!queue_->caps().keeps_properties) return;
  EXPECT_EQ(arrived.properties.type, "fetch");
  EXPECT_EQ(arrived.properties.content_type, "application/json");
  EXPECT_EQ(arrived.properties.correlation_id, "c-1");
  EXPECT_EQ(arrived.properties.reply_to, "answers");
  EXPECT_EQ(arrived.properties.user_id, "");
  EXPECT_EQ(arrived.properties.priority, 7);
}

TEST_P(QueueConformance, CapsSayWhetherItReceives) {
  const bool receives = queue_->caps().receives;
  const std::vector<std::string> receipts = {"unknown"};
  const auto received = queue_->receive(1, {.at = clock().steady_now()});
  EXPECT_EQ(received.has_value(), receives);
  EXPECT_EQ(queue_->ack(receipts).has_value(), receives);
  EXPECT_EQ(queue_->nack(receipts).has_value(), receives);
  if (receives) return;
  EXPECT_EQ(received.error().code, Code::unimplemented);
  EXPECT_EQ(queue_->ack(receipts).error().code, Code::unimplemented);
  EXPECT_EQ(queue_->nack(receipts).error().code, Code::unimplemented);
  EXPECT_EQ(queue_->extend(receipts, std::chrono::seconds(60)).error().code, Code::unimplemented);
}

TEST_P(QueueBounded, AFullQueueRefusesUntilSomethingIsAcked) {
  make({.messages_max = 2});
  EXPECT_EQ(queue_->caps().messages_max, 2u);
  publish(numbered_messages(1, 2));
  const auto refused = queue_->publish(numbered_messages(3, 3));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ((*refused)[0].error().code, Code::resource_exhausted);
  const auto hidden = receive(1);
  ASSERT_EQ(hidden.size(), 1u);
  EXPECT_FALSE((*queue_->publish(numbered_messages(3, 3)))[0].has_value());
  ASSERT_TRUE(queue_->ack(std::vector{hidden[0].receipt}).has_value());
  publish(numbered_messages(3, 3));
}

}  // namespace
}  // namespace waybill
