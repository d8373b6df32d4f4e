#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqs/wire.h"
#include "ports/clock.h"
#include "ports/credentials.h"
#include "ports/http_client.h"
#include "ports/queue.h"

namespace waybill {

struct SqsOptions {
  std::string region;
  std::string topic_arn;  ///< publish by SNS; empty: straight to the queue
  std::string queue_url;  ///< where to receive; empty: it does not
  std::string sns_endpoint;
  std::string sqs_endpoint;
  Duration visibility = std::chrono::seconds(600);     ///< of a delivery that nobody extends
  Duration call_time_max = std::chrono::seconds(600);  ///< of a call, with the client's retries
  std::size_t requests_in_flight = 8;     ///< of one publish; 1 for FIFO, which keeps its order
  std::string id_attribute;               ///< carries Message.id; empty: it does not travel
  std::string message_group = "waybill";  ///< of messages to a FIFO topic or queue (….fifo)
  std::size_t body_bytes_max = 262'144;   ///< with attributes: the services' limit
  std::stop_token stop{};                 ///< all calls but receive are given up then: `cancelled`
};

/// The endpoint of `sns` or `sqs`: AWS_ENDPOINT_URL_SNS (or …_SQS), else AWS_ENDPOINT_URL, else
/// Amazon's in that region. Without a trailing slash.
std::string aws_endpoint(std::string_view service, std::string_view region,
                         const std::map<std::string, std::string>& environment);

/// Amazon's SQS, and SNS in front of it: publishes to a topic, or to the queue; receives from the
/// queue with a long poll. A topic's subscription needs raw message delivery. Requests carry up to
/// ten messages and 256 KiB. To FIFO topics and queues a message's id is its deduplication id, and
/// comes back as its id. Tries nothing twice, for that is the client's part, but those messages of
/// a request which the services refuse for the moment in an answer of success; not to FIFO ones,
/// where others may have gone before. Thread-safe; all references outlive it.
/// Source: https://docs.aws.amazon.com/sns/latest/api/API_PublishBatch.html,
/// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference
class SqsQueue final : public Queue {
 public:
  struct Services {
    HttpClient& http;
    AwsCredentialSource& credentials;
    Clock& clock;
  };
  SqsQueue(const Services& services, SqsOptions options);

  QueueCaps caps() const override;
  /// After a request that fails, those that are not yet sent are not: their answers say so, with
  /// the same code.
  Result<std::vector<Status>> publish(std::span<const Message> messages) override;
  /// At most ten a call. What SQS sends just as a stop cuts a poll off comes again when its
  /// visibility is over.
  Result<std::vector<Delivery>> receive(std::size_t limit, const Deadline& deadline) override;
  Status ack(std::span<const std::string> receipts) override;
  Status nack(std::span<const std::string> receipts) override;
  /// In whole seconds, rounded up; `invalid_argument` above 12 h, which is also the limit of all
  /// extensions of a delivery together.
  Status extend(std::span<const std::string> receipts, Duration visibility) override;

  /// Whether the topic is there: `not_found`. Changes nothing; wants the right to look at it
  /// (sns:GetTopicAttributes), which a publisher need not have.
  Status check_topic();

 private:
  struct Batch {
    std::vector<std::size_t> indexes;  // of messages in their call
    std::size_t bytes = 0;
  };
  struct ReceiptCall {
    std::string_view action;
    std::string rest;  // what follows the receipt in an entry
  };

  std::vector<Batch> batches_of(std::span<const Message> messages, std::vector<Status>& answers);
  Result<sqs::EntryAnswers> send_batch(std::span<const Message> messages, const Batch& batch);
  /// The same, and again what could not be taken at that moment.
  Result<sqs::EntryAnswers> send_with_repeats(std::span<const Message> messages,
                                              const Batch& batch);
  Result<HttpResponse> call_sns(std::string_view doing, std::string form);
  Result<HttpResponse> call_sqs(std::string_view action, std::string json,
                                const Deadline& deadline);
  Result<HttpResponse> post(HttpRequest request, aws::Signer& signer, const Deadline& deadline);
  Result<std::vector<Delivery>> poll(std::size_t limit, const Deadline& deadline);
  /// The first failure that is not a receipt's own; receipts that are refused are put in `refused`.
  Status call_with(std::span<const std::string> receipts, const ReceiptCall& call,
                   std::vector<std::string>& refused);
  Status call_in_batches(std::span<const std::string> receipts, const ReceiptCall& call,
                         std::vector<std::string>& refused);
  Deadline call_deadline() const;

  HttpClient& http_;
  AwsCredentialSource& credentials_;
  Clock& clock_;
  const SqsOptions options_;
  const std::string sqs_url_;
  aws::Signer sns_signer_;
  aws::Signer sqs_signer_;
  const sqs::MessageForm form_;
};

}  // namespace waybill
