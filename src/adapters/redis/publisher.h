#pragma once

#include <memory>
#include <utility>

#include "adapters/redis/address.h"
#include "adapters/redis/connection.h"
#include "base/mutex.h"
#include "ports/channel_publisher.h"
#include "ports/clock.h"

namespace waybill {

/// Publishes to the channels of a Redis server (PUBLISH of RESP 2) over one connection, which is
/// opened when it is needed and again after it was lost. Thread-safe; calls wait for each other.
class RedisPublisher final : public ChannelPublisher {
 public:
  /// Of a call without a deadline.
  static constexpr Duration kCallTimeMax = std::chrono::seconds(10);

  /// `clock` outlives it.
  RedisPublisher(redis::Address address, const Clock& clock)
      : address_(std::move(address)), clock_(clock) {}

  Status connect(const Deadline& deadline) override;
  Status publish(std::span<const ChannelMessage> messages, const Deadline& deadline) override;

 private:
  Status open(SteadyTime until) REQUIRES(mutex_);
  SteadyTime until(const Deadline& deadline) const;

  const redis::Address address_;
  const Clock& clock_;
  Mutex mutex_;
  std::unique_ptr<redis::Connection> connection_ GUARDED_BY(mutex_);
};

}  // namespace waybill
