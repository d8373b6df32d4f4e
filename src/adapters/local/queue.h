#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill {

struct LocalQueueOptions {
  std::size_t messages_max = 100'000;  ///< hidden ones included
  std::size_t body_bytes_max = 256 * 1024;
  Duration visibility = std::chrono::seconds(30);  ///< of a delivery that nobody extends
};

/// A queue in the memory of this process: bounded, gone with the process. Each call costs
/// O(log messages) for each of its messages. `clock` outlives it. Thread-safe.
class LocalQueue final : public Queue {
 public:
  explicit LocalQueue(Clock& clock, const LocalQueueOptions& options = {});

  QueueCaps caps() const override;
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

 private:
  using Receipt = std::uint64_t;
  struct Entry {
    Message message;
    std::uint32_t delivery_count = 0;
  };
  struct Held {
    Entry entry;
    SteadyTime until{};
  };
  using HeldEntries = std::unordered_map<Receipt, Held>;

  Status accept(const Message& message) REQUIRES(mutex_);
  std::vector<Delivery> take(std::size_t limit, SteadyTime now) REQUIRES(mutex_);
  /// Gives back what was held for too long.
  void expire(SteadyTime now) REQUIRES(mutex_);
  void give_back(HeldEntries::iterator held) REQUIRES(mutex_);
  HeldEntries::iterator find(const std::string& receipt) REQUIRES(mutex_);

  Clock& clock_;
  const LocalQueueOptions options_;
  Bell bell_;  // rung when a message becomes visible
  Mutex mutex_;
  std::deque<Entry> visible_ GUARDED_BY(mutex_);
  HeldEntries held_ GUARDED_BY(mutex_);
  std::set<std::pair<SteadyTime, Receipt>> held_until_ GUARDED_BY(mutex_);
  Receipt last_receipt_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill
