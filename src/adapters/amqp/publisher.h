#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapters/amqp/connection.h"
#include "ports/clock.h"
#include "ports/queue.h"

struct amqp_method_t_;

namespace waybill {

/// Where messages go that are published.
enum class AmqpRouting : std::uint8_t {
  fixed,        ///< all by the routing key of the options
  by_reply_to,  ///< each to the queue that its reply_to names, which does not go with it
};

}  // namespace waybill

namespace waybill::amqp {

/// How a Publisher sends.
struct PublisherParams {
  std::string exchange;
  std::string routing_key;
  AmqpRouting routing = AmqpRouting::fixed;
  std::size_t unconfirmed_max = 1000;
};

/// A connection whose channel is in confirm mode. After a failure of `publish` it is of no more
/// use. Not thread-safe.
class Publisher {
 public:
  static Result<std::unique_ptr<Publisher>> create(std::unique_ptr<Connection> connection,
                                                   const PublisherParams& params);

  /// Publishes the messages of these indexes, in order, and sets their answers; `indexes` then
  /// holds those that are to be published again: what the broker refused, as a quorum queue does
  /// that has no leader yet, and, on failure of the connection, which is the error, what has no
  /// answer.
  Status publish(std::span<const Message> messages, std::vector<std::size_t>& indexes,
                 std::vector<Status>& answers, Duration time_max);

  /// Hears what the broker says while nothing is on its way, which keeps the connection alive.
  /// `unavailable` when it is lost, or the broker silent.
  Status idle();
  Duration heartbeat() const { return connection_->heartbeat(); }

 private:
  struct InFlight {
    std::size_t index = 0;
    std::size_t sequence = 0;  // counts from 1 on the channel, as the broker does
    bool returned = false;
  };
  /// A call, for those that hear what the broker says.
  struct Call {
    std::span<const Message> messages;
    std::vector<Status>& answers;
  };

  Publisher(std::unique_ptr<Connection> connection, const PublisherParams& params)
      : connection_(std::move(connection)), params_(params) {}
  Status send(const Message& message);
  /// Waits for one frame and does what it says.
  Status hear(const Call& call, Duration time_max);
  Status take_return(const Call& call);
  void settle(const amqp_method_t_& method, const Call& call);
  Status answer_to(const InFlight& message, bool taken) const;

  const std::unique_ptr<Connection> connection_;
  const PublisherParams params_;
  std::size_t sent_ = 0;
  std::deque<InFlight> in_flight_;    // by sequence
  std::vector<std::size_t> refused_;  // indexes
};

}  // namespace waybill::amqp
