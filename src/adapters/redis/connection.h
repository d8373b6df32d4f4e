#pragma once

#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "adapters/redis/address.h"
#include "ports/channel_publisher.h"
#include "ports/clock.h"

struct redisContext;

namespace waybill::redis {

/// A connection to a server that has let us in. After an error other than `permission_denied` it is
/// of no more use. Not thread-safe.
class Connection {
 public:
  /// Connects, logs in and asks whether it is ready. `unavailable` where nobody is or it is not
  /// ready, `unauthenticated` where it refuses who we are.
  static Result<std::unique_ptr<Connection>> open(const Address& address, const Clock& clock,
                                                  SteadyTime until);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// All in one go.
  Status publish(std::span<const ChannelMessage> messages, SteadyTime until);
  Status ping(SteadyTime until);
  /// Without a script, which fewer users may run: a key that is lost between two of its commands
  /// makes two holders for as long as one call takes.
  Result<bool> take_turn(const std::string& key, const std::string& holder, Duration hold,
                         SteadyTime until);
  Status leave_turn(const std::string& key, const std::string& holder, SteadyTime until);

 private:
  Connection(redisContext* context, std::string place, const Clock& clock)
      : context_(context), place_(std::move(place)), clock_(clock) {}
  void append(std::initializer_list<std::string_view> words);
  /// What the server says to the oldest command; its own error, too.
  Status hear(const std::string& action, SteadyTime until);
  /// Likewise, with what it says; none: null.
  Result<std::optional<std::string>> hear_text(const std::string& action, SteadyTime until);
  Status log_in(const Address& address, SteadyTime until);

  redisContext* const context_;
  const std::string place_;
  const Clock& clock_;
};

}  // namespace waybill::redis
