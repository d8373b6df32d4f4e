#include "adapters/sqs/topology.h"

#include <boost/json.hpp>
#include <iterator>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "base/percent.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr std::size_t kNameMax = 80;
constexpr std::size_t kNameStart = 60;  // of one that is cut

/// Those calls of SNS and SQS that make things.
class Maker {
 public:
  Maker(const SqsQueue::Services& services, const SqsTopologyParams& params)
      : services_(services),
        params_(params),
        sns_signer_(params.region, "sns"),
        sqs_signer_(params.region, "sqs") {}

  Result<std::string> create_topic() {
    const auto answer = sns("CreateTopic", "&Name=" + to_percent(params_.name));
    if (!answer) return fail(answer.error());
    const std::size_t begin = answer->find("<TopicArn>");
    const std::size_t end = answer->find("</TopicArn>");
    if (begin == answer->npos || end == answer->npos) {
      return fail(Code::data_loss, "the answer to CreateTopic names no topic");
    }
    return answer->substr(begin + 10, end - begin - 10);
  }

  Result<std::string> create_queue(const std::string& queue_arn, const std::string& topic_arn) {
    const auto hidden = std::chrono::ceil<std::chrono::seconds>(params_.visibility).count();
    bj::object attributes;
    attributes["VisibilityTimeout"] = std::to_string(hidden);
    attributes["Policy"] = policy_for(queue_arn, topic_arn);
    if (!params_.dead_letter_name.empty()) {
      const auto dead = create_queue_of(params_.dead_letter_name, {});
      if (!dead) return fail(dead.error());
      const std::string account = queue_arn.substr(0, queue_arn.rfind(':') + 1);
      bj::object redrive;
      redrive["deadLetterTargetArn"] = account + params_.dead_letter_name;
      redrive["maxReceiveCount"] = params_.receives_max;
      attributes["RedrivePolicy"] = json::serialize(redrive);
    }
    return create_queue_of(params_.name, std::move(attributes));
  }

  Status subscribe(const std::string& topic_arn, const std::string& queue_arn) {
    const auto answer = sns("Subscribe", "&Protocol=sqs&TopicArn=" + to_percent(topic_arn) +
                                             "&Endpoint=" + to_percent(queue_arn) +
                                             "&Attributes.entry.1.key=RawMessageDelivery"
                                             "&Attributes.entry.1.value=true");
    if (!answer) return fail(answer.error());
    return {};
  }

 private:
  Result<std::string> create_queue_of(const std::string& name, bj::object attributes) {
    bj::object named;
    named["QueueName"] = name;
    bj::object create = named;
    create["Attributes"] = std::move(attributes);
    const auto created = queue_url_of("CreateQueue", create);
    // One that is there with other attributes is used as it is.
    const auto there = created ? created : queue_url_of("GetQueueUrl", named);
    return there ? there : created;
  }

  /// Lets the topic send to the queue.
  static std::string policy_for(const std::string& queue_arn, const std::string& topic_arn) {
    std::string policy = R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",)"
                         R"("Principal":{"Service":"sns.amazonaws.com"},)"
                         R"("Action":"sqs:SendMessage","Resource":)";
    json::append_quoted(policy, queue_arn);
    policy += R"(,"Condition":{"ArnEquals":{"aws:SourceArn":)";
    json::append_quoted(policy, topic_arn);
    return policy + "}}}]}";
  }

  Result<std::string> sns(const std::string& action, const std::string& rest) {
    return post({.url = params_.sns_endpoint + "/",
                 .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
                 .body = "Action=" + action + "&Version=2010-03-31" + rest},
                sns_signer_, action + " of " + params_.name);
  }

  Result<std::string> queue_url_of(const std::string& action, const bj::object& body) {
    const auto answer = post({.url = params_.sqs_endpoint + "/",
                              .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                          {"X-Amz-Target", "AmazonSQS." + action}},
                              .body = json::serialize(body)},
                             sqs_signer_, action + " of " + params_.name);
    if (!answer) return fail(answer.error());
    const auto value = json::parse(*answer);
    const auto* object = value ? value->if_object() : nullptr;
    const auto* url = object == nullptr ? nullptr : object->if_contains("QueueUrl");
    if (url == nullptr || !url->is_string()) {
      return fail(Code::data_loss, "the answer to " + action + " names no queue");
    }
    return std::string(url->get_string());
  }

  Result<std::string> post(HttpRequest request, aws::Signer& signer, const std::string& what) {
    const Deadline deadline{.at = services_.clock.steady_now() + params_.call_time_max,
                            .stop = params_.stop};
    const auto credentials = services_.credentials.credentials(deadline);
    if (!credentials) return fail(with_context(credentials.error(), "getting credentials for AWS"));
    request.method = "POST";
    auto added = signer.sign({.method = request.method,
                              .url = request.url,
                              .headers = request.headers,
                              .body = request.body},
                             signing_key(*credentials), services_.clock.now());
    if (!added) return fail(added.error());
    std::move(added->begin(), added->end(), std::back_inserter(request.headers));
    auto response = services_.http.send(request, deadline);
    if (!response) return fail(with_context(response.error(), what));
    if (response->status / 100 != 2) {
      return fail(sqs::error_of(*response, what, services_.clock.now()));
    }
    return std::move(response->body);
  }

  const SqsQueue::Services& services_;
  const SqsTopologyParams& params_;
  aws::Signer sns_signer_;
  aws::Signer sqs_signer_;
};

/// arn:PARTITION:sns:REGION:ACCOUNT:NAME, of which the queue differs by its service.
Result<std::string> queue_arn_of(const std::string& topic_arn) {
  const std::size_t at = topic_arn.find(":sns:");
  if (at == topic_arn.npos) {
    return fail(Code::data_loss, "\"" + topic_arn + "\" is no ARN of an SNS topic");
  }
  return topic_arn.substr(0, at) + ":sqs:" + topic_arn.substr(at + 5);
}

}  // namespace

Result<SqsTopology> make_sqs_topology(const SqsQueue::Services& services,
                                      const SqsTopologyParams& params) {
  Maker maker(services, params);
  auto topic_arn = maker.create_topic();
  if (!topic_arn) return fail(topic_arn.error());
  const auto queue_arn = queue_arn_of(*topic_arn);
  if (!queue_arn) return fail(queue_arn.error());
  auto queue_url = maker.create_queue(*queue_arn, *topic_arn);
  if (!queue_url) return fail(queue_url.error());
  if (Status done = maker.subscribe(*topic_arn, *queue_arn); !done) return fail(done.error());
  return SqsTopology{.topic_arn = std::move(*topic_arn), .queue_url = std::move(*queue_url)};
}

std::string sqs_name(const std::string& name) {
  std::string escaped;
  for (const char c : name) {
    // Names of Waybill have no capital letters.
    if (c == '.') {
      escaped += "X2E";
    } else {
      escaped += c;
    }
  }
  if (escaped.size() <= kNameMax) return escaped;
  return escaped.substr(0, kNameStart) + "-H" + to_hex(sha256(escaped)).substr(0, 16);
}

}  // namespace waybill
