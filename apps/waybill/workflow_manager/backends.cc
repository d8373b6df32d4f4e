#include "apps/waybill/workflow_manager/backends.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "adapters/amqp/queue.h"
#include "adapters/aws/credentials.h"
#include "adapters/curl/http_client.h"
#include "adapters/file/file_url.h"
#include "adapters/file/object_store.h"
#include "adapters/file/queue.h"
#include "adapters/ledger/queue.h"
#include "adapters/pubsub/queue.h"
#include "adapters/s3/object_store.h"
#include "adapters/sqs/queue.h"
#include "apps/waybill/runtime/amqp_options.h"
#include "apps/waybill/runtime/cloud_bucket.h"
#include "apps/waybill/runtime/clouds.h"
#include "apps/waybill/workflow_manager/ledger_backend.h"
#include "base/log.h"

namespace waybill::cli {
namespace {

constexpr Duration kCallTimeMax = std::chrono::minutes(10);  // with the client's retries
constexpr Duration kLookTimeMax = std::chrono::seconds(10);

Result<std::string> path_of_topic(const std::string& topic) {
  return topic.starts_with("file:") ? parse_file_url(topic) : Result<std::string>(topic);
}

Result<AmqpOptions> amqp_options(const prio::WorkflowQueue& queue, const std::string& topic,
                                 const Variables& environment, std::stop_token stop) {
  auto connection =
      amqp_connection({.url = queue.amqp_url, .url_file = queue.amqp_url_file}, environment);
  if (!connection) return fail(connection.error());
  connection->stop = std::move(stop);
  const auto type = amqp_queue_type(queue.amqp_queue_type);
  if (!type) return fail(type.error());
  AmqpOptions options{.connection = std::move(*connection), .type = *type};
  if (queue.amqp_exchange.empty()) {
    options.queue = topic;
  } else {
    options.exchange = queue.amqp_exchange;
    options.routing_key = topic;
  }
  return options;
}

}  // namespace

Backends::Backends(Clock& clock, Variables environment, CallStops stops)
    : clock_(clock), environment_(std::move(environment)), stops_(std::move(stops)) {}
Backends::~Backends() = default;

bool Backends::has(const std::string& variable) const {
  return !variable_in(environment_, variable).empty();
}

Result<Clouds*> Backends::clouds() {
  if (!clouds_) {
    const auto client = http();
    if (!client) return fail(client.error());
    clouds_ = std::make_unique<Clouds>(**client, clock_, environment_, "workflow-manager");
  }
  return clouds_.get();
}

Result<std::unique_ptr<ObjectStore>> Backends::bucket(const prio::WorkflowBucket& bucket) {
  return open(bucket, {.stop = stops_.reads});
}

Result<std::unique_ptr<ObjectStore>> Backends::open(const prio::WorkflowBucket& bucket,
                                                    const CallTerms& terms) {
  if (bucket.url.scheme == BucketScheme::file) {
    const auto directory = parse_file_url(bucket.url.text);
    if (!directory) return fail(directory.error());
    return std::make_unique<FileObjectStore>(
        *directory, FileObjectStoreOptions{.clock = &clock_, .unreadable = &unreadable_});
  }
  const auto clouds = this->clouds();
  if (!clouds) return fail(clouds.error());
  return cloud_bucket(
      **clouds, bucket.url, environment_, clock_,
      {.identity = bucket.identity, .conditional_put = terms.conditional_put, .stop = terms.stop});
}

Result<MarkerBucket> Backends::marker_bucket(const prio::WorkflowBucket& bucket,
                                             const std::string& probe_key) {
  auto markers = open(bucket, {.stop = stops_.writes});
  if (!markers) return fail(markers.error());
  if (bucket.url.scheme == BucketScheme::file) return MarkerBucket{std::move(*markers), nullptr};
  bool conditional_put = true;
  // Amazon's own servers honour them.
  if (bucket.url.scheme == BucketScheme::s3 && !(*clouds())->settings().endpoint("S3").empty()) {
    const auto honoured = static_cast<S3ObjectStore&>(**markers).probe_conditional_put(probe_key);
    if (!honoured) return fail(honoured.error());
    conditional_put = *honoured;
  }
  if (!conditional_put) {
    log::warn("no_conditional_puts",
              "the server of this bucket ignores conditional puts: two runs at once may publish a "
              "task twice, with the same trace-id; none is lost",
              {{"bucket", bucket.url.text}});
  }
  auto lock = open(bucket, {.stop = stops_.lock, .conditional_put = conditional_put});
  if (!lock) return fail(lock.error());
  return MarkerBucket{std::move(*markers), std::move(*lock)};
}

Result<std::unique_ptr<Queue>> Backends::queue(const prio::WorkflowQueue& queue,
                                               const std::string& topic) {
  if (queue.kind == "ledger") {
    if (!ledger_) {
      auto opened = LedgerBackend::open(queue, clock_);
      if (!opened) return fail(opened.error());
      ledger_ = std::move(*opened);
    }
    auto opened = ledger_->queue(topic);
    if (!opened) return fail(opened.error());
    ledger_queues_.push_back(opened->get());
    return std::unique_ptr<Queue>(std::move(*opened));
  }
  auto made = make_queue(queue, topic);
  if (!made || queue.kind != "gcp-pubsub" || !queue.create_topics) return made;
  if (const Status created = static_cast<PubSubQueue&>(**made).create_topics(); !created) {
    return fail(created.error());
  }
  return made;
}

Result<std::unique_ptr<Queue>> Backends::make_queue(const prio::WorkflowQueue& queue,
                                                    const std::string& topic) {
  if (queue.kind == "file") {
    const auto path = path_of_topic(topic);
    if (!path) return fail(path.error());
    return std::make_unique<FileQueue>(*path);
  }
  if (queue.kind == "amqp") {
    const auto options = amqp_options(queue, topic, environment_, stops_.writes);
    if (!options) return fail(options.error());
    return std::make_unique<AmqpQueue>(clock_, *options);
  }
  if (queue.kind == "aws-sns") {
    auto made = sns_topic(queue, topic, {kCallTimeMax, stops_.writes});
    if (!made) return fail(made.error());
    return std::unique_ptr<Queue>(std::move(*made));
  }
  auto made = pubsub_topic(queue, topic, {kCallTimeMax, stops_.writes});
  if (!made) return fail(made.error());
  return std::unique_ptr<Queue>(std::move(*made));
}

Result<std::unique_ptr<SqsQueue>> Backends::sns_topic(const prio::WorkflowQueue& queue,
                                                      const std::string& topic,
                                                      const TopicTerms& terms) {
  const auto clouds = this->clouds();
  if (!clouds) return fail(clouds.error());
  return std::make_unique<SqsQueue>(
      SqsQueue::Services{(*clouds)->http(),
                         (*clouds)->credentials(queue.aws_identity, queue.aws_region), clock_},
      SqsOptions{.region = queue.aws_region,
                 .topic_arn = topic,
                 .sns_endpoint = aws_endpoint("sns", queue.aws_region, environment_),
                 .call_time_max = terms.time_max,
                 .stop = terms.stop});
}

Result<std::unique_ptr<PubSubQueue>> Backends::pubsub_topic(const prio::WorkflowQueue& queue,
                                                            const std::string& topic,
                                                            const TopicTerms& terms) {
  const auto clouds = this->clouds();
  if (!clouds) return fail(clouds.error());
  TokenSource& tokens = (*clouds)->google_tokens(has("PUBSUB_EMULATOR_HOST"));
  return std::make_unique<PubSubQueue>(PubSubQueue::Services{(*clouds)->http(), tokens, clock_},
                                       PubSubOptions{.project = queue.gcp_project,
                                                     .topic = topic,
                                                     .endpoint = pubsub_endpoint("", environment_),
                                                     .call_time_max = terms.time_max,
                                                     .stop = terms.stop});
}

Status Backends::check_topic(const prio::WorkflowQueue& queue, const std::string& topic) {
  if (queue.create_topics) return {};
  Status looked;
  if (queue.kind == "aws-sns") {
    const auto made = sns_topic(queue, topic, {kLookTimeMax, stops_.reads});
    looked = made ? (*made)->check_topic() : Status(fail(made.error()));
  } else if (queue.kind == "gcp-pubsub") {
    const auto made = pubsub_topic(queue, topic, {kLookTimeMax, stops_.reads});
    looked = made ? (*made)->check_topic() : Status(fail(made.error()));
  } else if (queue.kind == "file") {
    const auto path = path_of_topic(topic);
    if (!path) return fail(path.error());
    std::error_code error;
    const auto directory = std::filesystem::absolute(*path, error).parent_path();
    if (!error && std::filesystem::is_directory(directory, error)) return {};
    return fail(Code::not_found, "the directory of " + *path + " is missing");
  }
  const bool is_certain = !looked && (looked.error().code == Code::not_found ||
                                      looked.error().code == Code::invalid_argument);
  if (looked || is_certain) return looked;
  log::info("topic_unknown", "whether this topic is there can't be told; a run shows it",
            {{"topic", topic}, {"error", looked.error().message}});
  return {};
}

Result<std::size_t> Backends::body_bytes_max(const prio::WorkflowQueue& queue,
                                             const std::string& topic) {
  if (queue.kind == "ledger") return LedgerBackend::body_bytes_max(queue, topic, clock_);
  const auto made = make_queue(queue, topic);
  if (!made) return fail(made.error());
  return (*made)->caps().body_bytes_max;
}

std::int64_t Backends::requests() const {
  if (!clouds_) return 0;
  const HttpRetryCounts sent = clouds_->http_counts();
  return static_cast<std::int64_t>(sent.answered + sent.retried + sent.attempts_used_up +
                                   sent.time_used_up + sent.budget_used_up + sent.stopped);
}

std::int64_t Backends::duplicates() const {
  std::int64_t sum = 0;
  for (const LedgerQueue* queue : ledger_queues_) sum += queue->duplicates();
  return sum;
}

Result<HttpClient*> Backends::http() {
  if (!http_) {
    auto client = CurlHttpClient::create(clock_, curl_params(environment_));
    if (!client) return fail(client.error());
    http_ = std::move(*client);
  }
  return http_.get();
}

}  // namespace waybill::cli
