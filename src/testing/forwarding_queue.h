#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ports/queue.h"

namespace waybill {

/// Passes every call on, for tests to override one. `inner` outlives it.
class ForwardingQueue : public Queue {
 public:
  explicit ForwardingQueue(Queue& inner) : inner_(inner) {}

  QueueCaps caps() const override { return inner_.caps(); }
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    return inner_.publish(messages);
  }
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    return inner_.receive(limit, deadline);
  }
  Status ack(std::span<const std::string> receipts) override { return inner_.ack(receipts); }
  Status nack(std::span<const std::string> receipts) override { return inner_.nack(receipts); }
  Status extend(std::span<const std::string> receipts, Duration visibility) override {
    return inner_.extend(receipts, visibility);
  }

 protected:
  Queue& inner_;
};

/// A queue with what it stands on, such as a directory or a ledger of its own, which goes after it.
template <class Ground>
class GroundedQueue final : public ForwardingQueue {
 public:
  GroundedQueue(std::unique_ptr<Ground> ground, std::unique_ptr<Queue> queue)
      : ForwardingQueue(*queue), ground_(std::move(ground)), queue_(std::move(queue)) {}

 private:
  const std::unique_ptr<Ground> ground_;
  const std::unique_ptr<Queue> queue_;
};

}  // namespace waybill
