#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/pubsub/queue.h"
#include "tests/queues/loopback_http.h"
#include "tests/queues/server.h"

namespace waybill {

class NobodysToken final : public TokenSource {
 public:
  Result<std::string> token(const Deadline&) override { return std::string(); }
  std::string identity() const override { return "nobody"; }
};

/// Google's emulator, one for all cases.
class Emulator {
 public:
  static Emulator& instance();
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string place() const { return "127.0.0.1:" + std::to_string(port_); }
  std::string endpoint() const { return pubsub_endpoint("", {{"PUBSUB_EMULATOR_HOST", place()}}); }

 private:
  Emulator();

  const int port_ = free_port();
  std::string missing_;
  Server server_;
};

/// A queue on a topic and a subscription of its own, with what its references need.
class OwnPubSubQueue final : public Queue {
 public:
  OwnPubSubQueue(Clock& clock, PubSubOptions options)
      : queue_({.http = http_, .tokens = token_, .clock = clock}, std::move(options)) {}
  PubSubQueue& inner() { return queue_; }
  QueueCaps caps() const override { return queue_.caps(); }
  Result<std::vector<Status>> publish(std::span<const Message> messages) override {
    return queue_.publish(messages);
  }
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override {
    return queue_.receive(limit, deadline);
  }
  Status ack(std::span<const std::string> receipts) override { return queue_.ack(receipts); }
  Status nack(std::span<const std::string> receipts) override { return queue_.nack(receipts); }
  Status extend(std::span<const std::string> receipts, Duration visibility) override {
    return queue_.extend(receipts, visibility);
  }

 private:
  LoopbackHttp http_;
  NobodysToken token_;
  PubSubQueue queue_;
};

}  // namespace waybill
