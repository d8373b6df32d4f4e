#include "tests/conformance/queue/suite.h"

#include <algorithm>
#include <iterator>

#include "adapters/local/system_clock.h"

namespace waybill {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueConformance);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueReceiving);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueExpiring);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(QueueBounded);

namespace {
using std::chrono::seconds;
}  // namespace

Clock& QueueConformance::clock() {
  static SystemClock machine;  // for queues that real servers keep
  if (simulated()) return sim_clock_;
  return machine;
}

void QueueConformance::make(const QueueLimits& limits) {
  queue_.reset();
  queue_ = GetParam().make(clock(), limits);
  if (queue_ == nullptr && !IsSkipped()) FAIL() << "there is no queue to test";
}

SteadyTime QueueConformance::soon() {
  return simulated() ? clock().steady_now() : clock().steady_now() + seconds(20);
}

void QueueConformance::publish(const std::vector<Message>& messages) {
  const auto answers = queue_->publish(messages);
  ASSERT_TRUE(answers.has_value()) << answers.error().message;
  ASSERT_EQ(answers->size(), messages.size());
  for (const Status& answer : *answers) ASSERT_TRUE(answer.has_value()) << answer.error().message;
}

std::vector<Delivery> QueueConformance::receive(std::size_t limit) {
  auto deliveries = queue_->receive(limit, {.at = clock().steady_now()});
  EXPECT_TRUE(deliveries.has_value()) << deliveries.error().message;
  if (!deliveries) return {};
  EXPECT_LE(deliveries->size(), limit);
  return *std::move(deliveries);
}

std::vector<Delivery> QueueConformance::receive_exactly(std::size_t count) {
  std::vector<Delivery> all;
  const SteadyTime until = soon();
  do {
    auto some = queue_->receive(count - all.size(), {.at = until});
    EXPECT_TRUE(some.has_value()) << some.error().message;
    if (!some) return all;
    EXPECT_LE(some->size(), count - all.size());
    std::ranges::move(*some, std::back_inserter(all));
  } while (all.size() < count && clock().steady_now() < until);
  EXPECT_EQ(all.size(), count);
  return all;
}

Delivery QueueConformance::receive_one() {
  auto deliveries = receive_exactly(1);
  EXPECT_TRUE(receive().empty()) << "there are more";
  return deliveries.empty() ? Delivery{} : deliveries[0];
}

Delivery QueueConformance::receive_one_after(Duration visibility) {
  if (simulated()) {
    sim_clock_.advance(visibility);
    return receive_one();
  }
  const auto deliveries = queue_->receive(2, {.at = soon() + visibility});
  EXPECT_TRUE(deliveries.has_value()) << deliveries.error().message;
  EXPECT_TRUE(deliveries.has_value() && deliveries->size() == 1) << "nothing came back, or more";
  return deliveries && !deliveries->empty() ? (*deliveries)[0] : Delivery{};
}

std::vector<Message> numbered_messages(int first, int last) {
  std::vector<Message> messages;
  for (int i = first; i <= last; ++i) {
    const std::string number = std::to_string(i);
    messages.push_back({.id = number, .body = "{\"n\":" + number + "}"});
  }
  return messages;
}

std::vector<std::string> sorted_bodies(const std::vector<Delivery>& deliveries) {
  std::vector<std::string> bodies;
  for (const Delivery& delivery : deliveries) bodies.push_back(delivery.message.body);
  std::ranges::sort(bodies);
  return bodies;
}

}  // namespace waybill
