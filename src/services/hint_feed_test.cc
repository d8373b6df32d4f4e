#include "services/hint_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "testing/builders.h"
#include "testing/fake_ledger.h"
#include "testing/fake_queue.h"
#include "testing/forwarding_queue.h"
#include "testing/sim_clock.h"

namespace waybill {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

/// A connection to a broker, which tells of all that is said to it.
class Connection final : public ForwardingQueue {
 public:
  enum class Sends : std::uint8_t { when_asked, by_itself };
  struct Terms {
    Sends sends = Sends::by_itself;
    std::stop_token stop{};  ///< then it carries nothing any more
  };
  Connection(Queue& broker, Terms terms, std::function<void(const std::string&)> tell)
      : ForwardingQueue(broker), terms_(std::move(terms)), tell_(std::move(tell)) {}
  QueueCaps caps() const override {
    QueueCaps caps = inner_.caps();
    caps.expires = terms_.sends == Sends::when_asked;
    return caps;
  }
  ~Connection() override { tell_("closed"); }
  Status ack(std::span<const std::string> receipts) override {
    const Status said = inner_.ack(receipts);
    tell_("ack " + std::to_string(receipts.size()));
    return said;
  }
  Status nack(std::span<const std::string> receipts) override {
    if (terms_.stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
    const Status said = inner_.nack(receipts);
    tell_("nack " + std::to_string(receipts.size()));
    return said;
  }

 private:
  const Terms terms_;
  const std::function<void(const std::string&)> tell_;
};

class HintFeedTest : public testing::Test {
 protected:
  std::unique_ptr<HintFeed> feed(std::vector<std::string> queues, std::size_t in_hand = 2) {
    return std::make_unique<HintFeed>(
        HintFeed::Ports{
            .open = [this](const std::string& queue,
                           std::stop_token stop) { return open(queue, std::move(stop)); },
            .reader = &ledger_,
            .clock = clock_,
            .bell = bell_},
        HintFeedParams{.queues = std::move(queues), .in_hand = in_hand});
  }
  Result<std::unique_ptr<Queue>> open(const std::string& queue, std::stop_token stop) {
    tell("open " + queue);
    const Lock lock(mutex_);
    if (away_) return fail(Code::unavailable, "no broker");
    return std::make_unique<Connection>(broker_,
                                        Connection::Terms{.sends = sends_, .stop = std::move(stop)},
                                        [this](const std::string& what) { tell(what); });
  }
  void set_away(bool away) {
    const Lock lock(mutex_);
    away_ = away;
  }
  void tell(const std::string& what) {
    {
      const Lock lock(mutex_);
      told_.push_back(what);
    }
    news_.ring();
  }
  /// Blocks until that was told, `times` times in all.
  void await(const std::string& what, std::ptrdiff_t times = 1) {
    for (;;) {
      const std::uint64_t seen = news_.rung();
      {
        const Lock lock(mutex_);
        if (std::ranges::count(told_, what) >= times) return;
      }
      news_.wait(seen, Deadline{}, clock_);
    }
  }
  std::ptrdiff_t told(const std::string& what) {
    const Lock lock(mutex_);
    return std::ranges::count(told_, what);
  }
  void publish(int first, int last) {
    for (int i = first; i <= last; ++i) {
      const std::vector<Message> one = {{.id = std::to_string(i), .body = "hint"}};
      ASSERT_TRUE(broker_.publish(one).value()[0]);
    }
  }
  /// Blocks until the feed has some, as a worker does.
  std::vector<Delivery> take(HintFeed& feed, std::size_t limit = 10) {
    for (;;) {
      const std::uint64_t seen = bell_.rung();
      auto hints = feed.receive(limit, {}).value();
      if (!hints.empty()) return hints;
      bell_.wait(seen, Deadline{}, clock_);
    }
  }
  /// Lets time pass until it is so.
  void pass_until(const std::function<bool()>& condition) {
    while (!condition()) {
      // Not ahead of its threads: one settles, one receives.
      clock_.advance_if_idle(100ms, 2);
      std::this_thread::yield();
    }
  }
  static std::vector<std::string> receipts(const std::vector<Delivery>& hints) {
    std::vector<std::string> receipts;
    for (const Delivery& hint : hints) receipts.push_back(hint.receipt);
    return receipts;
  }
  std::vector<Delivery> in_broker() { return broker_.receive(10, {}).value(); }

  SimClock clock_{OnWait::blocks};
  FakeLedger ledger_{clock_};
  FakeQueue broker_{clock_, {.visibility = 1h}};
  Bell bell_;
  Bell news_;
  Mutex mutex_;
  bool away_ GUARDED_BY(mutex_) = false;
  Connection::Sends sends_ = Connection::Sends::by_itself;
  std::vector<std::string> told_ GUARDED_BY(mutex_);
};

TEST_F(HintFeedTest, RingsWhenAHintHasComeAndHandsItsAckOn) {
  const auto feed = this->feed({"a"});
  publish(1, 1);
  const auto hints = take(*feed);
  ASSERT_EQ(hints.size(), 1u);
  EXPECT_EQ(hints[0].message.id, "1");
  ASSERT_TRUE(feed->ack(receipts(hints)));
  await("ack 1");
  EXPECT_EQ(broker_.size(), 0u);
}

TEST_F(HintFeedTest, TakesNoMoreAheadThanItMay) {
  const auto feed = this->feed({"a"}, 2);
  publish(1, 5);
  std::size_t taken = 0;
  while (taken < 5) {
    const auto hints = take(*feed);
    EXPECT_LE(hints.size(), 2u);
    taken += hints.size();
  }
}

TEST_F(HintFeedTest, GivesBackWhatNobodyTookAndReceivesNoMoreUntilItIsAsked) {
  const auto feed = this->feed({"a"}, 1);
  publish(1, 1);
  const std::uint64_t seen = 0;
  bell_.wait(seen, Deadline{}, clock_);  // the hint has come; the worker has no room for it
  pass_until([&] { return told("closed") == 1; });
  EXPECT_EQ(told("nack 1"), 1);
  EXPECT_EQ(told("open a"), 1);
  ASSERT_EQ(in_broker().size(), 1u);
  publish(2, 2);
  EXPECT_EQ(take(*feed)[0].message.id, "2");
  EXPECT_EQ(told("open a"), 2);
}

TEST_F(HintFeedTest, ANackedHintComesBackAfterAWhile) {
  const auto feed = this->feed({"a"});
  publish(1, 1);
  const auto hints = take(*feed);
  ASSERT_TRUE(feed->nack(receipts(hints)));
  EXPECT_THAT(feed->receive(10, {}).value(), IsEmpty());
  std::vector<Delivery> again;
  pass_until([&] {
    again = feed->receive(10, {}).value();
    return !again.empty();
  });
  EXPECT_EQ(again[0].message.id, "1");
  EXPECT_EQ(again[0].delivery_count, 2u);
}

TEST_F(HintFeedTest, SaysWhenABrokerIsAwayAndGoesOnWhenItIsBack) {
  set_away(true);
  const auto feed = this->feed({"a"});
  pass_until([&] { return !feed->receive(10, {}); });
  EXPECT_EQ(feed->receive(10, {}).error().code, Code::unavailable);
  set_away(false);
  publish(1, 1);
  std::vector<Delivery> hints;
  pass_until([&] {
    const auto some = feed->receive(10, {});
    if (some) hints = *some;
    return !hints.empty();
  });
  EXPECT_EQ(hints[0].message.id, "1");
}

TEST_F(HintFeedTest, FindsQueuesThatAppearInTheLedger) {
  const auto feed = this->feed({});
  ASSERT_TRUE(ledger_.insert(a_batch({a_task(1).queue("first"), a_task(2).queue("second")})));
  pass_until([&] { return told("open first") == 1 && told("open second") == 1; });
}

TEST_F(HintFeedTest, ItsEndHandsOnAcksAndGivesBackTheRest) {
  auto feed = this->feed({"a"});
  publish(1, 2);
  std::vector<Delivery> first;
  while (first.empty()) first = take(*feed, 1);
  ASSERT_TRUE(feed->ack(receipts(first)));
  feed.reset();
  EXPECT_EQ(told("closed"), 1);
  EXPECT_EQ(broker_.size(), 1u);
  EXPECT_EQ(in_broker().size(), 1u) << "it is hidden no more";
}

TEST_F(HintFeedTest, ABrokerThatSendsWhenAskedKeepsItsConnectionWhenHintsAreGivenBack) {
  sends_ = Connection::Sends::when_asked;
  const auto feed = this->feed({"a"}, 1);
  publish(1, 1);
  bell_.wait(0, Deadline{}, clock_);
  pass_until([&] { return told("nack 1") == 1; });
  ASSERT_EQ(in_broker().size(), 1u);
  publish(2, 2);
  EXPECT_EQ(take(*feed)[0].message.id, "2");
  EXPECT_EQ(told("open a"), 1);
  EXPECT_EQ(told("closed"), 0);
}

/// A connection whose calls only a stop ends, once it has given a hint.
class DeafQueue final : public ForwardingQueue {
 public:
  DeafQueue(Queue& broker, std::stop_token stop, Clock& clock)
      : ForwardingQueue(broker), stop_(std::move(stop)), clock_(clock) {}
  Status ack(std::span<const std::string>) override {
    clock_.wait_until(kSteadyTimeMax, stop_);
    return fail(Code::cancelled, "asked to stop");
  }

 private:
  const std::stop_token stop_;
  Clock& clock_;
};

TEST_F(HintFeedTest, ItsEndWaitsForABrokerThatHangsNoLongerThanItMay) {
  auto feed = std::make_unique<HintFeed>(
      HintFeed::Ports{.open = [this](const std::string&,
                                     std::stop_token stop) -> Result<std::unique_ptr<Queue>> {
                        return std::make_unique<DeafQueue>(broker_, std::move(stop), clock_);
                      },
                      .clock = clock_,
                      .bell = bell_},
      HintFeedParams{.queues = {"a"}});
  publish(1, 1);
  const auto hints = take(*feed);
  ASSERT_TRUE(feed->ack(receipts(hints)));
  const SteadyTime begun = clock_.steady_now();
  std::atomic<bool> ended = false;
  const std::jthread ending([&] {
    feed.reset();
    ended = true;
  });
  pass_until([&] { return ended.load(); });
  // Time goes on in hand while a busy machine wakes the thread that sees it.
  EXPECT_LE(clock_.steady_now() - begun, 10min);
}

TEST_F(HintFeedTest, OnlyReceives) {
  const auto feed = this->feed({"a"});
  EXPECT_EQ(feed->publish({}).error().code, Code::unimplemented);
  EXPECT_EQ(feed->extend({}, 1s).error().code, Code::unimplemented);
  EXPECT_TRUE(feed->ack(std::vector<std::string>{"of nobody", "0.", "7.7.x"}))
      << "a receipt of somebody else is passed over";
}

}  // namespace
}  // namespace waybill
