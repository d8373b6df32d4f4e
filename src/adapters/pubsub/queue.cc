#include "adapters/pubsub/queue.h"

#include <algorithm>
#include <utility>

#include "adapters/pubsub/wire.h"
#include "base/json.h"
#include "base/log.h"
#include "base/percent.h"

namespace waybill {
namespace {

using std::chrono::seconds;

// https://cloud.google.com/pubsub/quotas#resource_limits
constexpr std::size_t kMessagesPerRequest = 1000;
constexpr std::size_t kRequestBytesMax = 10'000'000;  // one message alone may be more, in base64
constexpr std::size_t kReceiptsPerRequest = 1000;
constexpr std::size_t kReceiptBytesMax = 400'000;  // of 512 KiB for a whole request
constexpr Duration kAckDeadlineMax = seconds(600);
// An empty pull that may wait is answered after 90 s; prio's worker waits as long.
constexpr Duration kPullTimeMax = seconds(180);
// A pull that is cut off earlier can take messages with it: then better ask often.
constexpr Duration kLongPollFrom = seconds(100);
constexpr Duration kPauseFirst = std::chrono::milliseconds(100);
constexpr Duration kPauseMax = seconds(1);
// A pull that does not wait still has to get there and back.
constexpr Duration kQuickPullTimeMax = seconds(30);

std::string full_name(const std::string& project, std::string_view kind, const std::string& name) {
  if (name.empty() || name.starts_with("projects/")) return name;
  return "projects/" + to_percent(project) + "/" + std::string(kind) + "/" + to_percent(name, "%");
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

}  // namespace

std::string pubsub_endpoint(std::string_view given,
                            const std::map<std::string, std::string>& environment) {
  const auto emulator = environment.find("PUBSUB_EMULATOR_HOST");
  std::string endpoint(given);
  if (endpoint.empty() && emulator != environment.end()) endpoint = emulator->second;
  if (endpoint.empty()) return PubSubOptions{}.endpoint;
  if (endpoint.find("://") == endpoint.npos) endpoint.insert(0, "http://");
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

PubSubQueue::PubSubQueue(const Services& services, PubSubOptions options)
    : http_(services.http),
      tokens_(services.tokens),
      clock_(services.clock),
      options_(std::move(options)),
      topic_(full_name(options_.project, "topics", options_.topic)),
      subscription_(full_name(options_.project, "subscriptions", options_.subscription)) {}

QueueCaps PubSubQueue::caps() const {
  return {.durable = true,
          .receives = !subscription_.empty(),
          .fences_receipts = false,
          .counts_deliveries = false,
          .keeps_id = !options_.id_attribute.empty(),
          .body_bytes_max = options_.body_bytes_max};
}

Deadline PubSubQueue::call_deadline() const {
  return {.at = clock_.steady_now() + options_.call_time_max, .stop = options_.stop};
}

Result<HttpResponse> PubSubQueue::send(HttpRequest request, const Deadline& deadline) {
  auto token = tokens_.token(deadline);
  if (!token) return fail(with_context(token.error(), "getting a token for Pub/Sub"));
  request.url = options_.endpoint + "/v1/" + request.url;
  request.headers.emplace_back("Content-Type", "application/json");
  if (!token->empty()) request.headers.emplace_back("Authorization", "Bearer " + *token);
  return http_.send(request, deadline);
}

Result<HttpResponse> PubSubQueue::post(const std::string& path, std::string body,
                                       const Deadline& deadline) {
  auto response = send({.method = "POST", .url = path, .body = std::move(body)}, deadline);
  if (!response) return fail(with_context(response.error(), path));
  if (response->status / 100 != 2) {
    return fail(pubsub::error_of(*response, path, clock_.now()));
  }
  return response;
}

Result<std::vector<Status>> PubSubQueue::publish(std::span<const Message> messages) {
  if (topic_.empty()) {
    return fail(Code::failed_precondition,
                "this Pub/Sub queue has no topic to publish to; name one");
  }
  std::vector<Status> answers(messages.size());
  std::vector<Outgoing> batch;
  std::size_t bytes = 0;
  Status sent;
  const auto flush = [&] {
    if (batch.empty()) return;
    if (sent) {
      sent = publish_batch(batch, answers);
    } else {
      const Error error = with_context(sent.error(), "not sent, since an earlier request failed");
      for (const Outgoing& outgoing : batch) answers[outgoing.index] = fail(error);
    }
    batch.clear();
    bytes = 0;
  };
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const Message& message = messages[i];
    answers[i] = pubsub::check_message(message, options_.body_bytes_max, options_.id_attribute);
    if (!answers[i]) continue;
    std::string json = pubsub::encode_message(message, options_.id_attribute);
    if (batch.size() == kMessagesPerRequest || bytes + json.size() > kRequestBytesMax) flush();
    bytes += json.size() + 1;
    batch.push_back({.index = i, .json = std::move(json)});
  }
  flush();
  return answers;
}

Status PubSubQueue::publish_batch(std::span<const Outgoing> batch, std::vector<Status>& answers) {
  std::string body = "{\"messages\":[";
  for (const Outgoing& outgoing : batch) {
    if (&outgoing != &batch.front()) body += ',';
    body += outgoing.json;
  }
  body += "]}";
  auto response = post(topic_ + ":publish", std::move(body), call_deadline());
  if (response && pubsub::published_count(response->body) == batch.size()) return {};
  if (response) {
    response = fail(Code::unknown, "publishing to " + topic_ +
                                       ": the answer does not name each message; is the endpoint "
                                       "that of Pub/Sub? Publish them again under the same ids");
  }
  const Error& error = response.error();
  if (error.code == Code::invalid_argument && batch.size() > 1) {
    const std::size_t half = batch.size() / 2;
    const Status first = publish_batch(batch.first(half), answers);
    if (first) return publish_batch(batch.subspan(half), answers);
    for (const Outgoing& outgoing : batch.subspan(half)) answers[outgoing.index] = first;
    return first;
  }
  for (const Outgoing& outgoing : batch) answers[outgoing.index] = fail(error);
  if (error.code == Code::invalid_argument) return {};  // that message's fault alone
  return fail(error);
}

Result<std::vector<Delivery>> PubSubQueue::pull(std::size_t limit, const Deadline& deadline) {
  const SteadyTime now = clock_.steady_now();
  const bool waits = deadline.at - now >= kLongPollFrom;
  std::string body = "{\"maxMessages\":" + std::to_string(std::min(limit, kMessagesPerRequest));
  // Deprecated by Google for what it costs them; the only way to ask without waiting.
  if (!waits) body += ",\"returnImmediately\":true";
  body += '}';
  const Deadline until{
      .at = waits ? std::min(deadline.at, now + kPullTimeMax) : now + kQuickPullTimeMax,
      .stop = deadline.stop};
  const auto response = post(subscription_ + ":pull", std::move(body), until);
  if (response) return pubsub::decode_pull(response->body, options_.id_attribute);
  const bool time_is_up =
      waits && response.error().code == Code::deadline_exceeded && clock_.steady_now() >= until.at;
  const bool stopped = response.error().code == Code::cancelled && deadline.stop_requested();
  if (time_is_up || stopped) return std::vector<Delivery>{};
  return fail(response.error());
}

Result<std::vector<Delivery>> PubSubQueue::receive(std::size_t limit, const Deadline& deadline) {
  if (subscription_.empty()) {
    return fail(Code::unimplemented, "this Pub/Sub queue only publishes; name a subscription");
  }
  Duration pause = kPauseFirst;
  while (limit > 0 && !deadline.stop_requested()) {
    const SteadyTime asked_at = clock_.steady_now();
    auto deliveries = pull(limit, deadline);
    if (!deliveries || !deliveries->empty() || asked_at >= deadline.at) return deliveries;
    if (deadline.at - asked_at >= kLongPollFrom) continue;
    clock_.wait_until(std::min(deadline.at, clock_.steady_now() + pause), deadline.stop);
    pause = std::min(2 * pause, kPauseMax);
  }
  return std::vector<Delivery>{};
}

Status PubSubQueue::call_with(std::span<const std::string> receipts, const ReceiptCall& call) {
  std::string body = "{\"ackIds\":[";
  for (const std::string& receipt : receipts) {
    if (&receipt != &receipts.front()) body += ',';
    json::append_quoted(body, receipt);
  }
  body += ']';
  body += call.rest;
  body += '}';
  const auto response =
      post(subscription_ + ":" + std::string(call.verb), std::move(body), call_deadline());
  if (response) return {};
  if (response.error().code != Code::invalid_argument) return fail(response.error());
  if (receipts.size() == 1) {
    call.refused(receipts.front());
    return {};
  }
  const std::size_t half = receipts.size() / 2;
  if (const Status first = call_with(receipts.first(half), call); !first) return first;
  return call_with(receipts.subspan(half), call);
}

Status PubSubQueue::call_in_batches(std::span<const std::string> receipts,
                                    const ReceiptCall& call) {
  if (subscription_.empty()) {
    return fail(Code::unimplemented, "this Pub/Sub queue only publishes; name a subscription");
  }
  while (!receipts.empty()) {
    std::size_t count = 0;
    std::size_t bytes = 0;
    do {
      bytes += receipts[count++].size() + 3;
    } while (count < receipts.size() && count < kReceiptsPerRequest && bytes < kReceiptBytesMax);
    if (const Status done = call_with(receipts.first(count), call); !done) return done;
    receipts = receipts.subspan(count);
  }
  return {};
}

Status PubSubQueue::ack(std::span<const std::string> receipts) {
  return call_in_batches(receipts, {.verb = "acknowledge", .refused = [](const auto&) {
                                      log::debug("receipt_passed_over", "an ack came too late");
                                    }});
}

Status PubSubQueue::nack(std::span<const std::string> receipts) {
  return call_in_batches(receipts, {.verb = "modifyAckDeadline",
                                    .rest = ",\"ackDeadlineSeconds\":0",
                                    .refused = [](const auto&) {
                                      log::debug("receipt_passed_over",
                                                 "a message was given back too late");
                                    }});
}

Status PubSubQueue::extend(std::span<const std::string> receipts, Duration visibility) {
  const auto whole = std::chrono::ceil<seconds>(visibility);
  if (whole > kAckDeadlineMax || whole < seconds(1)) {
    return fail(Code::invalid_argument,
                "a Pub/Sub message is hidden for 1 to 600 s at a time, not for " +
                    format_duration(visibility) + "; extend it again before that is over");
  }
  Status answer;
  const std::string rest = ",\"ackDeadlineSeconds\":" + std::to_string(whole.count());
  const Status called = call_in_batches(
      receipts, {.verb = "modifyAckDeadline", .rest = rest, .refused = [&](const auto& receipt) {
                   answer =
                       fail(Code::not_found, "the time of receipt " + receipt +
                                                 " is over: others may have the message by now");
                 }});
  return called ? answer : called;
}

Status PubSubQueue::create(const std::string& path, std::string body) {
  const auto response =
      send({.method = "PUT", .url = path, .body = std::move(body)}, call_deadline());
  if (!response) return fail(with_context(response.error(), "creating " + path));
  if (response->status == 409) return {};  // it is there already
  if (response->status / 100 == 2) return {};
  return fail(pubsub::error_of(*response, "creating " + path, clock_.now()));
}

Status PubSubQueue::check_topic() {
  const auto response = send({.method = "GET", .url = topic_}, call_deadline());
  if (!response) return fail(with_context(response.error(), "looking at " + topic_));
  if (response->status / 100 == 2) return {};
  return fail(pubsub::error_of(*response, "looking at " + topic_, clock_.now()));
}

Status PubSubQueue::create_topics() {
  if (topic_.empty()) {
    return fail(Code::failed_precondition, "there is no Pub/Sub topic to create; name one");
  }
  if (const Status created = create(topic_, "{}"); !created) return created;
  const std::string project = topic_.substr(0, topic_.find("/topics/"));
  const std::string subscription =
      subscription_.empty() ? project + "/subscriptions/" + std::string(last_part(topic_))
                            : subscription_;
  std::string more;
  if (!options_.dead_letter_topic.empty()) {
    const std::string dead = project + "/topics/" + options_.dead_letter_topic;
    if (const Status created = create(dead, "{}"); !created) return created;
    const Status kept = create(project + "/subscriptions/" + options_.dead_letter_topic,
                               subscription_body(dead, ""));
    if (!kept) return kept;
    more = ",\"deadLetterPolicy\":{\"deadLetterTopic\":";
    json::append_quoted(more, dead);
    more += ",\"maxDeliveryAttempts\":" + std::to_string(options_.deliveries_max) + "}";
  }
  return create(subscription, subscription_body(topic_, more));
}

std::string PubSubQueue::subscription_body(std::string_view topic, std::string_view more) const {
  std::string body = "{\"topic\":";
  json::append_quoted(body, topic);
  body += ",\"ackDeadlineSeconds\":" +
          std::to_string(std::chrono::ceil<seconds>(options_.ack_deadline).count()) +
          ",\"expirationPolicy\":{}";  // without a ttl: it never expires
  body += more;
  return body + "}";
}

}  // namespace waybill
