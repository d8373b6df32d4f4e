#pragma once

#include <memory>
#include <utility>

#include "adapters/redis/address.h"
#include "adapters/redis/connection.h"
#include "base/mutex.h"
#include "ports/channel_publisher.h"
#include "ports/clock.h"

namespace waybill {

/// Publishes to the channels of a Redis server (PUBLISH of RESP 2), with turns as keys that expire
/// (SET NX PX, GET, PEXPIRE, DEL), over one connection, which is
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
  Result<bool> take_turn(const std::string& turn, const std::string& holder, Duration hold,
                         const Deadline& deadline) override;
  Status leave_turn(const std::string& turn, const std::string& holder,
                    const Deadline& deadline) override;

 private:
  /// Opens it if it is not there.
  Status reach(SteadyTime until) REQUIRES(mutex_);
  Status open(SteadyTime until) REQUIRES(mutex_);
  SteadyTime until(const Deadline& deadline) const;

  const redis::Address address_;
  const Clock& clock_;
  Mutex mutex_;
  std::unique_ptr<redis::Connection> connection_ GUARDED_BY(mutex_);
};

}  // namespace waybill
