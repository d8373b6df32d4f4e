#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"
#include "ports/queue.h"

namespace waybill {

struct PubSubOptions {
  std::string project;       ///< of the names below that are not projects/…/…
  std::string topic;         ///< where to publish; empty: it does not
  std::string subscription;  ///< where to receive; empty: it does not
  std::string endpoint = "https://pubsub.googleapis.com";
  Duration ack_deadline = std::chrono::seconds(600);  ///< of a subscription that is created
  /// Where one that is created puts what nobody acked in as many deliveries, 5 to 100; empty:
  /// nowhere. It is created too, with a subscription of its name.
  std::string dead_letter_topic{};
  int deliveries_max = 100;
  Duration call_time_max = std::chrono::seconds(600);  ///< of a call, with the client's retries
  std::string id_attribute;  ///< carries Message.id; empty: ids don't travel, bodies are all
  std::size_t body_bytes_max = 10'000'000;  ///< the service's limit
  std::stop_token stop{};  ///< all calls but receive are given up then: `cancelled`
};

/// The endpoint to use: what is given (--pubsub-api-endpoint), else PUBSUB_EMULATOR_HOST, else
/// Google's. Without a trailing slash.
std::string pubsub_endpoint(std::string_view given,
                            const std::map<std::string, std::string>& environment);

/// Google Cloud Pub/Sub by its REST API. Publishes in requests of up to 1,000 messages and 10 MB.
/// Receives with a long poll where the deadline is more than 100 s away; a nearer one is waited for
/// by asking again, at last each second, since a long poll that is cut off can take messages with
/// it: as after a stop, those come again when their ack deadline is over. Tries nothing twice: that
/// is the client's part. Thread-safe; all references outlive it.
/// Source: https://cloud.google.com/pubsub/docs/reference/rest
class PubSubQueue final : public Queue {
 public:
  struct Services {
    HttpClient& http;
    TokenSource& tokens;
    Clock& clock;
  };
  PubSubQueue(const Services& services, PubSubOptions options);

  QueueCaps caps() const override;
  /// After a request that fails, the rest is not sent: its answers say so, with the same code.
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  /// In whole seconds, rounded up; `invalid_argument` above 600 s.
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

  /// Creates the topic and a subscription to it, of the same name unless the options name another;
  /// it never expires. Safe to repeat: what is there already stays as it is.
  Status create_topics();
  /// Whether the topic is there: `not_found`. Changes nothing; wants the right to look at it, which
  /// a publisher need not have.
  Status check_topic();

 private:
  struct Outgoing {
    std::size_t index = 0;  // of the message in its call
    std::string json;
  };
  /// For a receipt that the service calls invalid.
  using Refused = std::function<void(const std::string& receipt)>;
  struct ReceiptCall {
    std::string_view verb;  // "acknowledge"
    std::string_view rest;  // what follows the ackIds in the body
    Refused refused;
  };

  Result<HttpResponse> post(const std::string& path, std::string body, const Deadline& deadline);
  Result<HttpResponse> send(HttpRequest request, const Deadline& deadline);
  /// Publishes in one request, in halves where the service calls it invalid: until the culprit
  /// stands alone.
  Status publish_batch(std::span<const Outgoing> batch, std::vector<Status>& answers);
  /// One request for many receipts, in halves as above.
  Status call_with(std::span<const std::string> receipts, const ReceiptCall& call);
  Status call_in_batches(std::span<const std::string> receipts, const ReceiptCall& call);
  Result<std::vector<Delivery>> pull(std::size_t limit, const Deadline& deadline);
  Status create(const std::string& path, std::string body);
  std::string subscription_body(std::string_view topic, std::string_view more) const;
  Deadline call_deadline() const;

  HttpClient& http_;
  TokenSource& tokens_;
  Clock& clock_;
  const PubSubOptions options_;
  const std::string topic_;         // projects/P/topics/T, or empty
  const std::string subscription_;  // projects/P/subscriptions/S, or empty
};

}  // namespace waybill
