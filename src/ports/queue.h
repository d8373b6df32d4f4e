#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// What a backend can and cannot do. Nobody pretends.
struct QueueCaps {
  bool durable = false;           ///< a published message survives the broker's restart
  bool ordered = false;           ///< first in, first out while nothing is given back
  bool deduplicates = false;      ///< a second message with the same id is dropped by the broker
  bool delayed_nack = false;      ///< nack can ask for a delay
  bool receives = true;           ///< else publish-only: every other call answers `unimplemented`
  bool expires = true;            ///< else a delivery is held until its receiver's connection ends
  bool fences_receipts = true;    ///< a receipt whose time is over acks nothing; else it may
  bool counts_deliveries = true;  ///< else a delivery_count of 1 says nothing
  bool hides_surely = true;       ///< else a hidden message now and then goes to another receiver
  bool keeps_id = true;           ///< Message.id arrives; else a delivery's id is the broker's own
  bool binary = true;             ///< bodies of any bytes; else text that XML 1.0 can hold
  bool keeps_properties = false;  ///< Message.properties arrive
  std::size_t messages_max = 0;   ///< full with that many; 0: no bound is known
  std::size_t body_bytes_max = 0;
};

/// What AMQP has places of its own for. Empty: not said.
struct MessageProperties {
  std::string type;
  std::string content_type;
  std::string correlation_id;
  std::string reply_to;
  std::string user_id;                   ///< who published it, as the broker vouches
  std::optional<std::uint8_t> priority;  ///< 0 to 9, higher first, where the queue has priorities
};

struct Message {
  std::string id;  ///< the same for every copy: trace-id, broker's message or deduplication id
  std::string body;
  std::vector<std::pair<std::string, std::string>> attributes;
  /// What keeps a second task out where the backend is a ledger; no broker carries it. Empty: `id`.
  std::string dedup_key{};
  MessageProperties properties{};  ///< dropped where caps say so
};

struct Delivery {
  Message message;
  std::string receipt;               ///< opaque; for ack, nack and extend, within `visible_until`
  std::uint32_t delivery_count = 1;  ///< 1 the first time, where the backend counts
  Time published_at{};               ///< zero where the backend does not say
};

/// Carries hints to workers, at least once, in no promised order. Losing or doubling a message
/// costs time, never a task. Thread-safe.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual QueueCaps caps() const = 0;
  /// Durable (where caps say so) when it returns; one answer each, in order. `invalid_argument` for
  /// a body that is too big, with both sizes, and for what the backend can't carry (caps; an empty
  /// body without attributes); `resource_exhausted` when full. An answer that is not one of these
  /// may belong to a message that was taken: publish it again under the same id.
  virtual Result<std::vector<Status>> publish(std::span<const Message> messages) = 0;
  /// Up to `limit` messages; waits for the first until the deadline; empty if none came. Each is
  /// hidden from other receivers until it is acked, nacked, or its time is over.
  virtual Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) = 0;
  /// Done with it. A receipt whose time is over is passed over.
  virtual Status ack(std::span<const std::string> receipts) = 0;
  /// Back to the queue, for anyone, at once.
  virtual Status nack(std::span<const std::string> receipts) = 0;
  /// Keeps the messages hidden for this long from now. `not_found` if one's time is over.
  virtual Status extend(std::span<const std::string> receipts, Duration visibility) = 0;
};

}  // namespace waybill
