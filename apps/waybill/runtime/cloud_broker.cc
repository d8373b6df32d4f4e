#include "apps/waybill/runtime/cloud_broker.h"

#include <utility>

#include "adapters/curl/http_client.h"
#include "adapters/pubsub/queue.h"
#include "adapters/sqs/queue.h"
#include "adapters/sqs/topology.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/runtime/clouds.h"
#include "apps/waybill/runtime/made_queue.h"

namespace waybill::cli {
namespace {

/// Of one call, so that a lost one keeps no lane waiting.
constexpr Duration kCloudCallTimeMax = std::chrono::seconds(60);
/// Hints are acknowledged within seconds.
constexpr Duration kHidden = std::chrono::seconds(60);

/// What both clouds need.
struct CloudParts {
  std::unique_ptr<HttpClient> http;
  std::unique_ptr<Clouds> clouds;
  Variables environment;
  std::string prefix;
  Clock& clock;
};

class PubSubBroker final : public TaskBroker {
 public:
  PubSubBroker(CloudParts parts, std::string project)
      : parts_(std::move(parts)),
        project_(std::move(project)),
        tokens_(parts_.clouds->google_tokens(
            !variable_in(parts_.environment, "PUBSUB_EMULATOR_HOST").empty())) {}

  std::unique_ptr<Queue> publisher(const std::string& queue, std::stop_token stop) override {
    return std::make_unique<MadeQueue>(
        [this, queue, stop]() -> Result<std::unique_ptr<Queue>> { return made(queue, stop); });
  }
  Result<std::unique_ptr<Queue>> receiver(const std::string& queue, std::size_t,
                                          std::stop_token stop) override {
    return made(queue, stop);
  }

 private:
  Result<std::unique_ptr<Queue>> made(const std::string& queue, const std::stop_token& stop) {
    const std::string name = parts_.prefix + "." + queue;
    auto made = std::make_unique<PubSubQueue>(
        PubSubQueue::Services{parts_.clouds->http(), tokens_, parts_.clock},
        PubSubOptions{.project = project_,
                      .topic = name,
                      .subscription = name,
                      .endpoint = pubsub_endpoint("", parts_.environment),
                      .ack_deadline = kHidden,
                      .dead_letter_topic = parts_.prefix + "-dead",
                      .call_time_max = kCloudCallTimeMax,
                      .id_attribute = "",
                      .stop = stop});
    if (const Status done = made->create_topics(); !done) return fail(done.error());
    return made;
  }

  const CloudParts parts_;
  const std::string project_;
  TokenSource& tokens_;
};

class SnsBroker final : public TaskBroker {
 public:
  SnsBroker(CloudParts parts, std::string region)
      : parts_(std::move(parts)),
        region_(std::move(region)),
        credentials_(parts_.clouds->credentials("", region_)) {}

  std::unique_ptr<Queue> publisher(const std::string& queue, std::stop_token stop) override {
    return std::make_unique<MadeQueue>([this, queue, stop]() -> Result<std::unique_ptr<Queue>> {
      const auto places = make(queue, stop);
      if (!places) return fail(places.error());
      return std::make_unique<SqsQueue>(services(), options(places->topic_arn, "", stop));
    });
  }
  Result<std::unique_ptr<Queue>> receiver(const std::string& queue, std::size_t,
                                          std::stop_token stop) override {
    const auto places = make(queue, stop);
    if (!places) return fail(places.error());
    return std::make_unique<SqsQueue>(services(), options("", places->queue_url, stop));
  }

 private:
  SqsQueue::Services services() const {
    return {parts_.clouds->http(), credentials_, parts_.clock};
  }
  std::string endpoint(const char* service) const {
    return aws_endpoint(service, region_, parts_.environment);
  }
  Result<SqsTopology> make(const std::string& queue, const std::stop_token& stop) const {
    return make_sqs_topology(services(), {.region = region_,
                                          .name = sqs_name(parts_.prefix + "-" + queue),
                                          .sns_endpoint = endpoint("sns"),
                                          .sqs_endpoint = endpoint("sqs"),
                                          .visibility = kHidden,
                                          // No queue of the ledger has a name with capitals.
                                          .dead_letter_name = sqs_name(parts_.prefix + "-DEAD"),
                                          .call_time_max = kCloudCallTimeMax,
                                          .stop = stop});
  }
  SqsOptions options(std::string topic_arn, std::string queue_url, std::stop_token stop) const {
    return {.region = region_,
            .topic_arn = std::move(topic_arn),
            .queue_url = std::move(queue_url),
            .sns_endpoint = endpoint("sns"),
            .sqs_endpoint = endpoint("sqs"),
            .visibility = kHidden,
            .call_time_max = kCloudCallTimeMax,
            .id_attribute = "",
            .stop = std::move(stop)};
  }

  const CloudParts parts_;
  const std::string region_;
  AwsCredentialSource& credentials_;
};

}  // namespace

Result<std::unique_ptr<TaskBroker>> open_cloud_broker(Session& session, const BrokerUrl& url) {
  const Variables environment = process_environment();
  auto http = CurlHttpClient::create(session.clock(), curl_params(environment));
  if (!http) return fail(http.error());
  auto clouds =
      std::make_unique<Clouds>(**http, session.clock(), environment, "waybill-task-queue");
  CloudParts parts{.http = std::move(*http),
                   .clouds = std::move(clouds),
                   .environment = environment,
                   .prefix = session.config().queue_prefix,
                   .clock = session.clock()};
  if (url.kind == BrokerKind::pubsub) {
    return std::make_unique<PubSubBroker>(std::move(parts), url.place);
  }
  return std::make_unique<SnsBroker>(std::move(parts), url.place);
}

}  // namespace waybill::cli
