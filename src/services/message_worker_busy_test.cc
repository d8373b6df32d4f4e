#include <gtest/gtest.h>

#include <stop_token>
#include <utility>
#include <vector>

#include "services/message_worker.h"
#include "testing/fake_queue.h"
#include "testing/forwarding_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

/// A queue that is busy once, and says for how long.
class BusyQueue final : public ForwardingQueue {
 public:
  BusyQueue(Queue& inner, Clock& clock, Duration busy)
      : ForwardingQueue(inner), clock_(clock), busy_(busy) {}

  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    if (++calls_ == 1) {
      return fail(Error{.code = Code::unavailable, .message = "busy", .retry_after = busy_});
    }
    if (calls_ == 2) asked_again_at = clock_.steady_now();
    return ForwardingQueue::receive(limit, deadline);
  }

  SteadyTime asked_again_at{};

 private:
  Clock& clock_;
  const Duration busy_;
  int calls_ = 0;
};

/// Asks the worker to end with the first message.
class LastHandler final : public MessageHandler {
 public:
  explicit LastHandler(std::stop_source& finish) : finish_(finish) {}
  MessageEnd handle(const MessageRun&) override {
    finish_.request_stop();
    return {};
  }

 private:
  std::stop_source& finish_;
};

TEST(BusyMessageWorker, LeavesABrokerAloneAsItAsksButNotForADay) {
  const std::pair<Duration, Duration> cases[] = {{minutes(2), minutes(2)},
                                                 {hours(24), minutes(10)}};
  for (const auto& [asked, waited] : cases) {
    SimClock clock;  // a wait takes its time at once
    FakeQueue queue(clock, {.visibility = minutes(10)});
    ASSERT_TRUE(queue.publish(std::vector<Message>{{.id = "1", .body = "{}"}}));
    BusyQueue busy(queue, clock, asked);
    std::stop_source finish;
    LastHandler handler(finish);
    MessageWorker worker(
        {.from = busy, .rejected = nullptr, .handler = handler, .done = nullptr, .clock = clock},
        {.first_lease = minutes(10), .form = MessageForm::json, .end = WorkerEnd::never});
    const SteadyTime began = clock.steady_now();
    const auto counts = worker.run({.finish = finish.get_token(), .abort = {}});
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->done, 1);
    EXPECT_EQ(busy.asked_again_at - began, waited);
  }
}

}  // namespace
}  // namespace waybill
