#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "adapters/amqp/connection.h"
#include "adapters/amqp/publisher.h"
#include "adapters/amqp/pulse.h"
#include "base/mutex.h"
#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill {

enum class AmqpQueueType : std::uint8_t { broker_default, classic, quorum };

/// What is made where it is missing.
enum class AmqpMakes : std::uint8_t {
  queue,     ///< the queue; one that is there has to have its properties
  topology,  ///< the exchange (direct) too, and the binding; a queue that is there stays as it is
  binding,   ///< the same, but the exchange has to be there
};

struct AmqpOptions {
  amqp::ConnectionParams connection;
  std::string queue;        ///< declared, durable, and where to receive; empty: publish-only
  std::string exchange;     ///< where to publish; empty: straight to the queue
  std::string routing_key;  ///< with an exchange
  AmqpRouting routing = AmqpRouting::fixed;
  AmqpQueueType type = AmqpQueueType::broker_default;
  AmqpMakes makes = AmqpMakes::queue;
  /// Where the broker sends what a consumer rejects: made (fanout) with a queue of the same name.
  /// Not where the queue alone is made; empty: nowhere.
  std::string dead_letter_exchange;
  /// A receiver gives back what it has no room for, any number of times: not to be counted where a
  /// quorum queue is made as a part of a topology.
  bool gives_back_freely = false;
  bool durable = true;                 ///< of a queue that is made where a topology is
  std::uint16_t prefetch = 10;         ///< held by a receiver at most, acked ones not counted
  std::size_t unconfirmed_max = 1000;  ///< messages on their way at a time
  Duration confirm_time_max = std::chrono::seconds(60);  ///< until the broker says anything
  std::size_t body_bytes_max = 128 * 1024 * 1024;        ///< RabbitMQ's default limit
  /// Of the bodies that one call of receive gives together, but for the last of them.
  std::size_t receive_bytes_max = SIZE_MAX;
};

/// RabbitMQ, by AMQP 0-9-1. Publishes persistent, mandatory messages with publisher confirms: an
/// answer is good when the broker has said that the message is safe, `not_found` when no queue took
/// it, `resource_exhausted` when the broker refused it three times, `cancelled` when the
/// connection's `stop` came before the answer. Receives by a consumer with prefetch. Connects on
/// first use and again, with growing pauses, when the connection is lost; deliveries in hand are
/// then the broker's to give to others, and their receipts are passed over. While a broker is out
/// of memory or disk, publish waits for it. RabbitMQ takes back, with the channel, what is not
/// acked within its `consumer_timeout` (30 min by default): raise it for longer tasks. Thread-safe:
/// one connection for all publishers, one for all receivers. `clock` outlives it.
class AmqpQueue final : public Queue {
 public:
  AmqpQueue(Clock& clock, AmqpOptions options);
  ~AmqpQueue() override;

  QueueCaps caps() const override;
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  /// `failed_precondition` if the queue is there with other properties.
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  /// Nothing to do: a delivery is this receiver's as long as its connection holds.
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

 private:
  enum class Settle : std::uint8_t { ack, give_back };
  using SharedConnection = std::shared_ptr<amqp::Connection>;

  Status connect_publisher() REQUIRES(publishing_);
  /// Heartbeats, for as long as nobody calls; each answers when the next one is due.
  Duration beat_publisher();
  Duration beat_receiver();
  Status connect_receiver() REQUIRES(receiving_);
  /// The deliveries that have arrived, up to `limit`.
  Status take(std::size_t limit, std::vector<Delivery>& deliveries) REQUIRES(receiving_);
  Status hear_of_the_end() REQUIRES(receiving_);
  Status check(const Message& message) const;
  void look_for_the_lost(const std::vector<Status>& answers) REQUIRES(publishing_);
  void lose_receiver() REQUIRES(receiving_);
  Status settle(std::span<const std::string> receipts, Settle how);
  /// The delivery tag of a receipt that is still good; 0 if it is not.
  std::uint64_t tag_of(const std::string& receipt) const REQUIRES(receiving_);

  Clock& clock_;
  const AmqpOptions options_;
  Mutex publishing_;
  std::unique_ptr<amqp::Publisher> publisher_ GUARDED_BY(publishing_);
  Mutex receiving_;
  SharedConnection receiver_ GUARDED_BY(receiving_);  // shared with those that wait on its socket
  std::uint64_t connections_ GUARDED_BY(receiving_) = 0;  // the first half of a receipt
  std::set<std::uint64_t> held_ GUARDED_BY(receiving_);   // delivery tags
  // Last: they use all of the above. From the first connection on.
  std::optional<amqp::Pulse> publishers_pulse_ GUARDED_BY(publishing_);
  std::optional<amqp::Pulse> receivers_pulse_ GUARDED_BY(receiving_);
};

}  // namespace waybill
