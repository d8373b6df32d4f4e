#include "apps/waybill/runtime/queue_ends.h"

#include <algorithm>
#include <utility>

#include "adapters/amqp/queue.h"
#include "adapters/aws/settings.h"
#include "adapters/curl/http_client.h"
#include "adapters/file/file_url.h"
#include "adapters/file/queue.h"
#include "adapters/pubsub/queue.h"
#include "adapters/sqs/queue.h"
#include "core/suggest.h"
#include "core/url_password.h"

namespace waybill::cli {
namespace {

// Of one call of a queue that is received from, so that a lost one keeps no lease waiting.
constexpr Duration kCallTimeMax = std::chrono::seconds(60);

/// `arn:aws:sns:REGION:…`, and `https://sqs.REGION.amazonaws.com/…`.
std::string region_in(const std::string& name) {
  if (name.starts_with("arn:")) {
    const std::size_t begin = name.find(':', name.find(':', 4) + 1) + 1;
    return name.substr(begin, name.find(':', begin) - begin);
  }
  const std::size_t begin = name.find("//sqs.");
  if (begin == name.npos) return "";
  return name.substr(begin + 6, name.find('.', begin + 6) - begin - 6);
}

/// The project and the name of a subscription or topic of Pub/Sub.
std::pair<std::string, std::string> pubsub_place(const std::string& project,
                                                 const std::string& name) {
  constexpr std::string_view kWhole = "projects/";
  if (!name.starts_with(kWhole)) return {project, name};
  const std::size_t slash = name.find('/', kWhole.size());
  return {name.substr(kWhole.size(), slash - kWhole.size()), name.substr(name.rfind('/') + 1)};
}

}  // namespace

bool is_same_place(const BrokerChoice& choice, const std::string& queue, const std::string& to) {
  if (choice.kind != "gcp-pubsub") return queue == to;
  return pubsub_place(choice.gcp_project, queue) == pubsub_place(choice.gcp_project, to);
}

std::vector<Option> broker_options() {
  return {
      {"from", "KIND", "take messages from a broker: gcp-pubsub, aws-sqs or amqp"},
      {"queue", "NAME", "Pub/Sub subscription, URL of an SQS queue, or RabbitMQ queue"},
      {"gcp-project-id", "ID", "project of Pub/Sub names that are not projects/…"},
      {"pubsub-api-endpoint", "URL", "another Pub/Sub than Google's or PUBSUB_EMULATOR_HOST"},
      {"aws-region", "REGION", "else that of the URL or ARN, or of AWS's own settings"},
      {"aws-identity", "ARN", "role to take on by web identity"},
      {"amqp-url", "URL", "RabbitMQ's, without a password; see WAYBILL_AMQP_URL"},
      {"amqp-url-file", "FILE", "read RabbitMQ's URL from this file"},
      {"amqp-queue-type", "TYPE", "of queues that are not there yet: classic or quorum"},
  };
}

Result<BrokerChoice> broker_choice(const Invocation& invocation) {
  BrokerChoice choice{
      .session_name = "waybill-" + invocation.command,
      .kind = invocation.text("from"),
      .gcp_project = invocation.text("gcp-project-id"),
      .pubsub_endpoint = invocation.text("pubsub-api-endpoint"),
      .aws_region = invocation.text("aws-region"),
      .aws_identity = invocation.text("aws-identity"),
      .amqp = {.url = invocation.text("amqp-url"), .url_file = invocation.text("amqp-url-file")}};
  const std::vector<std::string> kinds = {"gcp-pubsub", "aws-sqs", "amqp"};
  if (choice.kind.empty())
    return fail(Code::invalid_argument,
                "--from is missing: the kind of broker, gcp-pubsub, aws-sqs or amqp");
  if (std::ranges::find(kinds, choice.kind) == kinds.end()) {
    return fail(Code::invalid_argument, "--from: there is no kind of broker \"" + choice.kind +
                                            "\"" + did_you_mean(choice.kind, kinds) +
                                            "; there are gcp-pubsub, aws-sqs and amqp");
  }
  if (invocation.text("queue").empty()) {
    return fail(Code::invalid_argument, "--queue is missing: where to take messages from");
  }
  const Status open = refuse_password(choice.amqp.url, kAmqpUrlSources);
  if (!open) return fail(open.error());
  const auto type = amqp_queue_type(invocation.text("amqp-queue-type"));
  if (!type) return fail(type.error());
  choice.amqp_queue_type = *type;
  return choice;
}

QueueEnds::QueueEnds(BrokerChoice choice, Clock& clock)
    : choice_(std::move(choice)), clock_(clock), environment_(process_environment()) {}

Result<Clouds*> QueueEnds::clouds() {
  if (!clouds_) {
    auto client = CurlHttpClient::create(clock_, curl_params(environment_));
    if (!client) return fail(client.error());
    http_ = std::move(*client);
    clouds_ = std::make_unique<Clouds>(*http_, clock_, environment_, choice_.session_name);
  }
  return clouds_.get();
}

Result<std::unique_ptr<Queue>> QueueEnds::pubsub(std::string topic, std::string subscription) {
  const bool whole = (topic + subscription).starts_with("projects/");
  if (!whole && choice_.gcp_project.empty()) {
    return fail(Code::invalid_argument,
                "give --gcp-project-id, or the whole name: projects/PROJECT/…");
  }
  const auto clouds = this->clouds();
  if (!clouds) return fail(clouds.error());
  const bool emulator = !variable_in(environment_, "PUBSUB_EMULATOR_HOST").empty();
  return std::make_unique<PubSubQueue>(
      PubSubQueue::Services{(*clouds)->http(), (*clouds)->google_tokens(emulator), clock_},
      PubSubOptions{.project = choice_.gcp_project,
                    .topic = std::move(topic),
                    .subscription = std::move(subscription),
                    .endpoint = pubsub_endpoint(choice_.pubsub_endpoint, environment_),
                    .call_time_max = kCallTimeMax});
}

Result<std::unique_ptr<Queue>> QueueEnds::sqs(std::string topic_arn, std::string queue_url,
                                              Duration lease) {
  const auto clouds = this->clouds();
  if (!clouds) return fail(clouds.error());
  std::string region = choice_.aws_region;
  if (region.empty()) region = region_in(topic_arn.empty() ? queue_url : topic_arn);
  if (region.empty()) region = (*clouds)->settings().region();
  if (region.empty()) return fail(Code::invalid_argument, "which region? Give --aws-region");
  SqsOptions options{.region = region,
                     .topic_arn = std::move(topic_arn),
                     .queue_url = std::move(queue_url),
                     .sns_endpoint = aws_endpoint("sns", region, environment_),
                     .visibility = lease,
                     .call_time_max = kCallTimeMax};
  // A queue's URL says where it is, unless somebody wants another place.
  if (!(*clouds)->settings().endpoint("SQS").empty()) {
    options.sqs_endpoint = aws_endpoint("sqs", region, environment_);
  }
  return std::make_unique<SqsQueue>(
      SqsQueue::Services{(*clouds)->http(), (*clouds)->credentials(choice_.aws_identity, region),
                         clock_},
      std::move(options));
}

Result<std::unique_ptr<Queue>> QueueEnds::amqp(const std::string& queue, std::size_t in_hand) {
  auto connection = amqp_connection(choice_.amqp, environment_);
  if (!connection) return fail(connection.error());
  AmqpOptions options{
      .connection = std::move(*connection),
      .queue = queue,
      .type = choice_.amqp_queue_type,
      .prefetch = static_cast<std::uint16_t>(std::min<std::size_t>(in_hand, UINT16_MAX))};
  return std::make_unique<AmqpQueue>(clock_, std::move(options));
}

Result<QueueSource> QueueEnds::source(const SourceParams& params) {
  const auto with = [](Result<std::unique_ptr<Queue>> queue,
                       Duration first_lease) -> Result<QueueSource> {
    if (!queue) return fail(queue.error());
    return QueueSource{.queue = std::move(*queue), .first_lease = first_lease};
  };
  if (choice_.kind == "amqp") return with(amqp(params.name, params.in_hand), params.lease);
  if (choice_.kind == "aws-sqs") return with(sqs("", params.name, params.lease), params.lease);
  return with(pubsub("", params.name), Duration(0));  // the subscription's own deadline
}

Result<std::unique_ptr<Queue>> QueueEnds::destination(const std::string& name) {
  if (name.starts_with("file:")) {
    const auto path = parse_file_url(name);
    if (!path) return fail(path.error());
    return std::make_unique<FileQueue>(*path);
  }
  if (choice_.kind == "amqp") return amqp(name, 1);
  if (choice_.kind == "gcp-pubsub") return pubsub(name, "");
  const bool topic = name.starts_with("arn:");
  return topic ? sqs(name, "", SqsOptions{}.visibility) : sqs("", name, SqsOptions{}.visibility);
}

}  // namespace waybill::cli
