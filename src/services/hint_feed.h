#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"

namespace waybill {

struct HintFeedParams {
  std::vector<std::string> queues;  ///< empty: every queue of the ledger, also those that appear
  std::size_t in_hand = 1;          ///< hints of one queue that are received ahead
  Duration look_every = std::chrono::seconds(2);  ///< for queues that appear
  /// A hint that its worker had no room for is given back after this, and no more are received
  /// until it asks.
  Duration hold_max = std::chrono::seconds(5);
  Duration nack_after = std::chrono::seconds(1);  ///< a nacked hint is hidden for as long
  Duration poll_max = std::chrono::seconds(10);   ///< of one call that waits for hints
  Duration backoff_first = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(10);
  /// What its end leaves to brokers for what is acked, nacked and given back; then calls are cut.
  Duration end_time_max = std::chrono::seconds(3);
};

/// Hints from the brokers of many queues as one queue for a worker, which never waits: each broker
/// is waited for by a thread, and the bell rung when a hint has come. Acks and nacks are handed on
/// behind its back. Thread-safe.
class HintFeed final : public Queue {
 public:
  struct Ports {
    /// A receiver of a queue's broker. `stop`: no call need go on. It is asked for when the feed's
    /// end has taken long enough, so that hints can be given back until then.
    std::function<Result<std::unique_ptr<Queue>>(const std::string& queue, std::stop_token stop)>
        open;
    LedgerReader* reader = nullptr;  ///< tells of queues; needed where the params name none
    Clock& clock;
    Bell& bell;
  };
  /// All of the ports outlive it.
  HintFeed(Ports ports, HintFeedParams params);
  /// Hands on what was acked and nacked, and gives back what nobody took.
  ~HintFeed() override;
  HintFeed(const HintFeed&) = delete;
  HintFeed& operator=(const HintFeed&) = delete;

  QueueCaps caps() const override { return {.keeps_properties = true}; }
  /// `unimplemented`: it only receives.
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  /// What has come. `unavailable` if there is nothing and a broker can't be reached.
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  /// `unimplemented`: hints are settled at once.
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

 private:
  /// Of one queue. All but the thread's own is guarded by mutex_.
  struct Lane {
    std::string queue;
    std::uint64_t number = 0;
    Bell bell{};                      ///< something was taken, or is asked for
    std::shared_ptr<Queue> source{};  ///< shared with a settling call; null: not received from now
    std::uint64_t connection = 0;     ///< grows with each source
    std::deque<Delivery> hints{};
    SteadyTime first_at{};  ///< when the oldest of `hints` came
    bool wanted = true;     ///< a worker has room
    std::optional<Error> away{};
    std::jthread thread{};
  };
  /// A receipt that was given out.
  struct Given {
    std::uint64_t lane = 0;
    std::uint64_t connection = 0;
    std::string receipt;
  };
  struct Nack {
    SteadyTime at{};
    Given given;
  };

  void add_lane(const std::string& queue) REQUIRES(mutex_);
  void look_for_queues(const std::stop_token& stop);
  void serve(Lane& lane, const std::stop_token& stop);
  /// When the lane has to do something although nobody rings; none if it is to receive now.
  std::optional<SteadyTime> idle_until(Lane& lane, SteadyTime now) REQUIRES(mutex_);
  Status receive_some(Lane& lane, const std::stop_token& stop);
  enum class Source : std::uint8_t { keep_if_it_only_pulls, drop };
  void give_back(Lane& lane, Source source);
  void set_away(Lane& lane, std::optional<Error> error);
  std::optional<Given> given(const std::string& receipt) const;
  void settle(const std::stop_token& stop);
  SteadyTime settle_due(bool all);
  /// Receipts of one connection, with what they are to be told to.
  struct Settling {
    std::string queue;
    std::shared_ptr<Queue> source;
    std::vector<std::string> receipts;
  };
  std::map<std::uint64_t, Settling> by_lane(const std::vector<Given>& all);

  const Ports ports_;
  const HintFeedParams params_;
  std::stop_source cut_;  ///< no call of a broker need go on
  Mutex mutex_;
  std::map<std::string, std::unique_ptr<Lane>> lanes_ GUARDED_BY(mutex_);
  std::vector<Lane*> by_number_ GUARDED_BY(mutex_);
  std::size_t next_ GUARDED_BY(mutex_) = 0;  ///< the lane whose turn it is
  std::vector<Given> acks_ GUARDED_BY(mutex_);
  std::vector<Nack> nacks_ GUARDED_BY(mutex_);
  Bell settling_;
  std::jthread settler_;  // uses all of the above
  std::jthread looker_;
};

}  // namespace waybill
