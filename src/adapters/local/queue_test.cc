#include "adapters/local/queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "testing/sim_clock.h"
#include "tests/conformance/queue/suite.h"

namespace waybill {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;

std::vector<Message> messages(int first, int last) {
  std::vector<Message> made;
  for (int i = first; i <= last; ++i) made.push_back({.id = std::to_string(i)});
  return made;
}

class LocalQueueTest : public testing::Test {
 protected:
  std::vector<Delivery> receive(std::size_t limit) {
    return queue_.receive(limit, Deadline{.at = clock_.steady_now()}).value();
  }
  std::vector<std::string> receive_ids(std::size_t limit) {
    std::vector<std::string> ids;
    for (const Delivery& delivery : receive(limit)) ids.push_back(delivery.message.id);
    return ids;
  }

  SimClock clock_;
  LocalQueue queue_{clock_, {.visibility = seconds(30)}};
};

TEST_F(LocalQueueTest, DeliversAgainInOrderWhatWasNotAckedInTime) {
  ASSERT_TRUE(queue_.publish(messages(1, 3)));
  const auto first = receive(2);
  clock_.advance(seconds(29));
  EXPECT_THAT(receive_ids(5), ElementsAre("3"));
  clock_.advance(seconds(1));
  const auto again = receive(5);
  ASSERT_EQ(again.size(), 2u);
  EXPECT_EQ(again[0].message.id, "1");
  EXPECT_EQ(again[1].message.id, "2");
  EXPECT_EQ(again[0].delivery_count, 2u);
  // The first receiver's receipt is worth nothing any more.
  ASSERT_TRUE(queue_.ack(std::vector{first[0].receipt}));
  clock_.advance(seconds(30));
  EXPECT_THAT(receive_ids(5), ElementsAre("3", "1", "2"));
}

TEST_F(LocalQueueTest, DeliversAgainAtOnceAndInOrderWhatWasGivenBack) {
  ASSERT_TRUE(queue_.publish(messages(1, 3)));
  const auto taken = receive(2);
  ASSERT_TRUE(queue_.nack(std::vector{taken[0].receipt, taken[1].receipt}));
  EXPECT_THAT(receive_ids(5), ElementsAre("1", "2", "3"));
}

TEST_F(LocalQueueTest, WaitsNoLongerThanUntilAHiddenMessageIsFree) {
  ASSERT_TRUE(queue_.publish(messages(1, 1)));
  receive(1);
  const SteadyTime freed = clock_.steady_now() + seconds(30);
  const auto again = queue_.receive(1, Deadline{.at = freed + seconds(60)});
  ASSERT_TRUE(again);
  ASSERT_EQ(again->size(), 1u);
  EXPECT_EQ(clock_.steady_now(), freed);
}

const QueueImplementation kLocal = {
    .name = "local", .make = [](Clock& clock, const QueueLimits& limits) {
      return std::make_unique<LocalQueue>(clock,
                                          LocalQueueOptions{.messages_max = limits.messages_max,
                                                            .body_bytes_max = limits.body_bytes_max,
                                                            .visibility = limits.visibility});
    }};
const auto kName = [](const auto& instance) { return instance.param.name; };

INSTANTIATE_TEST_SUITE_P(Local, QueueConformance, testing::Values(kLocal), kName);
INSTANTIATE_TEST_SUITE_P(Local, QueueReceiving, testing::Values(kLocal), kName);
INSTANTIATE_TEST_SUITE_P(Local, QueueExpiring, testing::Values(kLocal), kName);
INSTANTIATE_TEST_SUITE_P(Local, QueueBounded, testing::Values(kLocal), kName);

}  // namespace
}  // namespace waybill
