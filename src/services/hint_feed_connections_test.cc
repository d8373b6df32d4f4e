#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <latch>
#include <map>
#include <thread>

#include "services/hint_feed.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;

/// Connections to queues a and b, whose first delivery has the same receipt on each of them.
class Wires {
 public:
  explicit Wires(Clock& clock) : clock_(clock) {}

  class Wire final : public Queue {
   public:
    Wire(Wires& all, std::string queue, int number)
        : all_(all), queue_(std::move(queue)), number_(number) {}
    QueueCaps caps() const override { return {}; }
    Result<std::vector<Status>> publish(std::span<const Message>) override {
      return std::vector<Status>{};
    }
    Result<std::vector<Delivery>> receive(std::size_t, const Deadline& deadline) override {
      if (!std::exchange(has_given_, true)) {
        return std::vector<Delivery>{{.message = {.id = queue_, .body = "hint"}, .receipt = "1"}};
      }
      for (;;) {
        const std::uint64_t seen = all_.bell_.rung();
        if (all_.is_cut(queue_, number_)) return fail(Code::unavailable, "cut");
        const auto woken = all_.bell_.wait(seen, deadline, all_.clock_);
        if (woken == Bell::Woken::in_vain) return std::vector<Delivery>{};
      }
    }
    Status ack(std::span<const std::string>) override {
      all_.acked(queue_ + std::to_string(number_));
      return {};
    }
    Status nack(std::span<const std::string>) override { return {}; }
    Status extend(std::span<const std::string>, Duration) override { return {}; }

   private:
    Wires& all_;
    const std::string queue_;
    const int number_;
    bool has_given_ = false;
  };

  std::unique_ptr<Queue> open(const std::string& queue) {
    const Lock lock(mutex_);
    return std::make_unique<Wire>(*this, queue, ++opened_[queue]);
  }
  int opened(const std::string& queue) {
    const Lock lock(mutex_);
    return opened_[queue];
  }
  void cut(const std::string& queue) {
    {
      const Lock lock(mutex_);
      cut_ = queue;
    }
    bell_.ring();
  }
  /// The first ack, which does not end before release(); as "a1".
  std::string await_first_ack() {
    begun_.wait();
    const Lock lock(mutex_);
    return acks_.front();
  }
  void release() { may_end_.count_down(); }
  std::vector<std::string> acks() {
    const Lock lock(mutex_);
    return acks_;
  }

 private:
  bool is_cut(const std::string& queue, int number) {
    const Lock lock(mutex_);
    return cut_ == queue && number == 1;
  }
  void acked(const std::string& wire) {
    bool is_first = false;
    {
      const Lock lock(mutex_);
      is_first = acks_.empty();
      acks_.push_back(wire);
    }
    if (!is_first) return;
    begun_.count_down();
    may_end_.wait();
  }

  Clock& clock_;
  Bell bell_;
  std::latch begun_{1};
  std::latch may_end_{1};
  Mutex mutex_;
  std::map<std::string, int> opened_ GUARDED_BY(mutex_);
  std::vector<std::string> acks_ GUARDED_BY(mutex_);
  std::string cut_ GUARDED_BY(mutex_);
};

TEST(HintFeedConnections, AnAckGoesToTheConnectionThatItsHintCameFromAndToNoLaterOne) {
  SimClock clock(OnWait::blocks);
  Bell bell;
  Wires wires(clock);
  auto feed = std::make_unique<HintFeed>(
      HintFeed::Ports{.open = [&](const std::string& queue, std::stop_token)
                          -> Result<std::unique_ptr<Queue>> { return wires.open(queue); },
                      .clock = clock,
                      .bell = bell},
      HintFeedParams{.queues = {"a", "b"}});
  std::vector<std::string> receipts;
  while (receipts.size() < 2) {
    for (const Delivery& hint : feed->receive(10, {}).value()) receipts.push_back(hint.receipt);
    std::this_thread::yield();
  }
  ASSERT_TRUE(feed->ack(receipts));
  const std::string first = wires.await_first_ack();
  const std::string other = first == "a1" ? "b" : "a";
  wires.cut(other);
  while (wires.opened(other) < 2) {
    clock.advance(100ms);
    std::this_thread::yield();
  }
  // Its hint has come: the connection is the queue's.
  while (feed->receive(10, {}).value_or(std::vector<Delivery>{}).empty()) {
    std::this_thread::yield();
  }
  wires.release();
  feed.reset();
  EXPECT_THAT(wires.acks(), testing::Not(testing::Contains(other + "2")));
}

}  // namespace
}  // namespace waybill
