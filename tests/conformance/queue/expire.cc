#include <gmock/gmock.h>

#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;

TEST_P(QueueExpiring, AMessageThatNobodyAckedInTimeIsDeliveredAgain) {
  publish(numbered_messages(1, 1));
  const Delivery first = receive_one();
  const Delivery second = receive_one_after(GetParam().visibility);
  EXPECT_EQ(second.message.id, first.message.id);
  EXPECT_EQ(second.message.body, first.message.body);
  EXPECT_NE(second.receipt, first.receipt);
  if (queue_->caps().counts_deliveries) {
    EXPECT_EQ(second.delivery_count, 2u);
  }
}

TEST_P(QueueExpiring, AReceiptWhoseTimeIsOverIsPassedOver) {
  publish(numbered_messages(1, 1));
  const Delivery first = receive_one();
  const Delivery second = receive_one_after(GetParam().visibility);
  EXPECT_TRUE(queue_->ack(std::vector{first.receipt}).has_value());
  EXPECT_TRUE(queue_->nack(std::vector{first.receipt}).has_value());
  if (!queue_->caps().fences_receipts) return;
  EXPECT_THAT(receive(), IsEmpty());
  EXPECT_EQ(receive_one_after(GetParam().visibility).message.id, second.message.id);
}

TEST_P(QueueExpiring, AnExtendedMessageStaysHiddenForThatLongFromNow) {
  const Duration visibility = GetParam().visibility;
  publish(numbered_messages(1, 1));
  const Delivery delivery = receive_one();
  if (simulated()) sim_clock_.advance(visibility - seconds(1));
  ASSERT_TRUE(queue_->extend(std::vector{delivery.receipt}, 2 * visibility).has_value());
  if (simulated()) {
    sim_clock_.advance(2 * visibility - Duration(1));
    EXPECT_THAT(receive(), IsEmpty());
    EXPECT_EQ(receive_one_after(Duration(1)).message.body, delivery.message.body);
    return;
  }
  const auto early = queue_->receive(1, {.at = clock().steady_now() + visibility});
  ASSERT_TRUE(early.has_value()) << early.error().message;
  EXPECT_THAT(*early, IsEmpty());
  EXPECT_EQ(receive_one_after(visibility).message.body, delivery.message.body);
}

TEST_P(QueueExpiring, ExtendingAfterTheTimeIsOverIsNotFound) {
  publish(numbered_messages(1, 1));
  const Delivery first = receive_one();
  const Delivery second = receive_one_after(GetParam().visibility);
  EXPECT_EQ(second.message.body, first.message.body);
  const Status late = queue_->extend(std::vector{first.receipt}, seconds(60));
  if (!queue_->caps().fences_receipts) return;
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().code, Code::not_found);
}

}  // namespace
}  // namespace waybill
