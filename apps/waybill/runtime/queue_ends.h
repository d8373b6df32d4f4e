#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/amqp_options.h"
#include "apps/waybill/runtime/clouds.h"
#include "base/result.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/queue.h"

namespace waybill::cli {

/// Which broker, and as whom, from a command's options.
struct BrokerChoice {
  std::string session_name;  ///< `waybill-worker`, `waybill-replay`: what AWS's logs show
  std::string kind;          ///< gcp-pubsub, aws-sqs or amqp
  std::string gcp_project;
  std::string pubsub_endpoint;
  std::string aws_region;
  std::string aws_identity;
  AmqpPlace amqp;
  AmqpQueueType amqp_queue_type = AmqpQueueType::broker_default;
};
/// The options that say it, --from and --queue among them.
std::vector<Option> broker_options();
/// `invalid_argument` for what makes no sense, or is missing.
Result<BrokerChoice> broker_choice(const Invocation& invocation);

/// Whether what is published to `to` comes out of the queue that is taken from. A subscription is
/// named as its topic where workflow-manager or the guides make them.
bool is_same_place(const BrokerChoice& choice, const std::string& queue, const std::string& to);

/// A queue to receive from.
struct QueueSource {
  std::unique_ptr<Queue> queue;
  Duration first_lease{};  ///< how long a delivery surely is hidden when it arrives; zero: unknown
};

/// Where a command's options become queues of a broker. What it gives must not outlive it.
class QueueEnds {
 public:
  QueueEnds(BrokerChoice choice, Clock& clock);

  struct SourceParams {
    std::string name;  ///< subscription, URL of an SQS queue, or queue of RabbitMQ
    Duration lease{};
    std::size_t in_hand = 1;  ///< at most; zero: without end
  };
  Result<QueueSource> source(const SourceParams& params);
  /// A topic of Pub/Sub, ARN of SNS or URL of SQS, queue of RabbitMQ, or `file:///…`.
  Result<std::unique_ptr<Queue>> destination(const std::string& name);

 private:
  Result<Clouds*> clouds();
  Result<std::unique_ptr<Queue>> pubsub(std::string topic, std::string subscription);
  Result<std::unique_ptr<Queue>> sqs(std::string topic_arn, std::string queue_url, Duration lease);
  Result<std::unique_ptr<Queue>> amqp(const std::string& queue, std::size_t in_hand);

  const BrokerChoice choice_;
  Clock& clock_;
  const Variables environment_;
  std::unique_ptr<HttpClient> http_;  // opened when first asked for
  std::unique_ptr<Clouds> clouds_;
};

}  // namespace waybill::cli
