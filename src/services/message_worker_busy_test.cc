#include <gtest/gtest.h>

#include <atomic>
#include <stop_token>
#include <thread>
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
using std::chrono::seconds;

constexpr int kThreads = 2;  // the one that takes messages, and the one that keeps leases

/// A queue that is busy once, and says for how long.
class BusyQueue final : public ForwardingQueue {
 public:
  BusyQueue(Queue& inner, Duration busy) : ForwardingQueue(inner), busy_(busy) {}

  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    if (++calls_ == 1) {
      return fail(Error{.code = Code::unavailable, .message = "busy", .retry_after = busy_});
    }
    return ForwardingQueue::receive(limit, deadline);
  }

  int calls() const { return calls_; }

 private:
  const Duration busy_;
  std::atomic<int> calls_ = 0;
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
    SimClock clock(OnWait::blocks);
    FakeQueue queue(clock, {.visibility = minutes(10)});
    ASSERT_TRUE(queue.publish(std::vector<Message>{{.id = "1", .body = "{}"}}));
    BusyQueue busy(queue, asked);
    std::stop_source finish;
    LastHandler handler(finish);
    MessageWorker worker(
        {.from = busy, .rejected = nullptr, .handler = handler, .done = nullptr, .clock = clock},
        {.first_lease = minutes(10), .form = MessageForm::json, .end = WorkerEnd::never});
    Result<MessageCounts> counts = MessageCounts();
    {
      const std::jthread runs(
          [&] { counts = worker.run({.finish = finish.get_token(), .abort = {}}); });
      clock.await_waiters(kThreads);
      clock.advance(waited - seconds(1));
      clock.await_waiters(kThreads);
      EXPECT_EQ(busy.calls(), 1) << "asked again too early";
      clock.advance(seconds(1));
    }
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->done, 1);
    EXPECT_EQ(busy.calls(), 2);
  }
}

}  // namespace
}  // namespace waybill
