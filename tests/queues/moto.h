#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/sqs/queue.h"
#include "decorators/retrying_http_client.h"
#include "tests/queues/loopback_http.h"
#include "tests/queues/server.h"

namespace waybill {

class AnyCredentials final : public AwsCredentialSource {
 public:
  Result<AwsCredentials> credentials(const Deadline&) override {
    return AwsCredentials{.access_key_id = "x", .secret_access_key = "x"};
  }
  std::string identity() const override { return "anybody"; }
};

/// moto's server, one for all cases. It does not check signatures.
class Moto {
 public:
  static Moto& instance();
  /// Empty: it runs.
  std::string missing() const { return missing_; }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

  /// A call of an administrator; its answer.
  std::string call(const std::string& service, HttpHeaders headers, std::string body);
  std::string create_queue(const std::string& name);
  /// A topic that passes on its messages, raw, to the queue of the same name.
  std::string create_topic(const std::string& name);

 private:
  Moto();
  void call_sns(const std::string& form);

  const int port_ = free_port();
  std::string missing_;
  Server server_;
};

/// A queue with what its references need. Tries again, as its users do: moto answers 500 to calls
/// that cross each other.
class OwnSqsQueue final : public Queue {
 public:
  OwnSqsQueue(Clock& clock, SqsOptions options)
      : http_(loopback_, clock, Rng(1), {.backoff_first = std::chrono::milliseconds(1)}),
        queue_({.http = http_, .credentials = credentials_, .clock = clock}, std::move(options)) {}
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
  LoopbackHttp loopback_;
  RetryingHttpClient http_;
  AnyCredentials credentials_;
  SqsQueue queue_;
};

}  // namespace waybill
