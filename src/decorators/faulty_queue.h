#pragma once

#include "decorators/faults.h"
#include "ports/queue.h"

namespace waybill {

/// A queue whose calls go wrong. `inner` and `faults` outlive it.
class FaultyQueue final : public Queue {
 public:
  FaultyQueue(Queue& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  QueueCaps caps() const override { return inner_.caps(); }
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    return faults_.around("queue.publish", [&] { return inner_.publish(messages); });
  }
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    return faults_.around("queue.receive", [&] { return inner_.receive(limit, deadline); });
  }
  Status ack(std::span<const std::string> receipts) override {
    return faults_.around("queue.ack", [&] { return inner_.ack(receipts); });
  }
  Status nack(std::span<const std::string> receipts) override {
    return faults_.around("queue.nack", [&] { return inner_.nack(receipts); });
  }
  Status extend(std::span<const std::string> receipts, Duration visibility) override {
    return faults_.around("queue.extend", [&] { return inner_.extend(receipts, visibility); });
  }

 private:
  Queue& inner_;
  Faults& faults_;
};

}  // namespace waybill
