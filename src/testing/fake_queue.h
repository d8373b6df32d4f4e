#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/rng.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill {

enum class DeliveryOrder : std::uint8_t {
  first_in_first_out,
  shuffled,  ///< any visible message may come next, by the seed
};

/// How often a broker does what a broker may, each as a part of all messages.
struct QueueDisorder {
  double doubles = 0;     ///< keeps a second copy of what is published
  double redelivers = 0;  ///< delivers a message again while the first receiver has it
  double loses_acks = 0;  ///< answers an ack, and delivers the message again all the same

  bool operator==(const QueueDisorder&) const = default;
};

/// How often it was done.
struct QueueDisorders {
  std::uint64_t doubled = 0;
  std::uint64_t redelivered = 0;
  std::uint64_t acks_lost = 0;
};

struct FakeQueueOptions {
  Duration visibility = std::chrono::seconds(30);
  std::size_t messages_max = 1'000'000;
  std::size_t body_bytes_max = 256 * 1024;
  DeliveryOrder order = DeliveryOrder::first_in_first_out;
  std::uint64_t seed = 1;
};

/// A queue in memory: hides what it delivers, delivers again what was not acked in time, and is as
/// disorderly as asked. Thread-safe; `clock` must outlive it.
class FakeQueue final : public Queue {
 public:
  explicit FakeQueue(Clock& clock, FakeQueueOptions options = {});

  QueueCaps caps() const override;
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

  /// Messages that were published and not acked, hidden ones included.
  std::size_t size() const;
  /// Loses every message, as a broker does that was reinstalled.
  void lose_all();
  /// From now on.
  void set_disorder(const QueueDisorder& disorder);
  QueueDisorders disorders() const;

 private:
  struct Entry {
    Message message;
    std::uint32_t delivery_count = 0;
    std::string receipt;  // of the latest delivery
    SteadyTime hidden_until{};
  };
  using Entries = std::list<Entry>;

  std::vector<Delivery> take(std::size_t limit, SteadyTime now) REQUIRES(mutex_);
  SteadyTime first_visible_again() const REQUIRES(mutex_);
  /// The delivered entry of a receipt whose time is not over; end() if there is none.
  Entries::iterator held(const std::string& receipt, SteadyTime now) REQUIRES(mutex_);

  /// Rolls no die for what never happens.
  bool happens(double how_often) REQUIRES(mutex_) {
    return how_often > 0 && rng_.chance(how_often);
  }

  Clock& clock_;
  const FakeQueueOptions options_;
  mutable Mutex mutex_;
  Bell bell_;
  Rng rng_ GUARDED_BY(mutex_);
  QueueDisorder disorder_ GUARDED_BY(mutex_);
  QueueDisorders disorders_ GUARDED_BY(mutex_);
  Entries entries_ GUARDED_BY(mutex_);
  std::uint64_t deliveries_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill
