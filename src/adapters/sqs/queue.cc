#include "adapters/sqs/queue.h"

#include <algorithm>
#include <atomic>
#include <iterator>
#include <thread>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "base/mutex.h"
#include "base/percent.h"

namespace waybill {
namespace {

using std::chrono::seconds;

constexpr std::size_t kEntriesPerRequest = 10;
constexpr Duration kLongPollMax = seconds(20);
constexpr Duration kVisibilityMax = seconds(12 * 60 * 60);
// What an answer may take beyond the time that SQS itself waits.
constexpr Duration kAnswerTimeMax = seconds(30);
constexpr Duration kPauseFirst = std::chrono::milliseconds(100);
constexpr int kEntryRepeatsMax = 3;
constexpr Duration kEntryPauseFirst = std::chrono::milliseconds(200);

bool is_fifo(const SqsOptions& options) {
  return (options.topic_arn.empty() ? options.queue_url : options.topic_arn).ends_with(".fifo");
}

/// That which is given, else where the queue itself is.
std::string sqs_url(const SqsOptions& options) {
  if (!options.sqs_endpoint.empty()) return options.sqs_endpoint + "/";
  const std::size_t host = options.queue_url.find("://");
  if (host == std::string::npos) return "";
  return options.queue_url.substr(0, options.queue_url.find('/', host + 3)) + "/";
}

std::string quoted(std::string_view text) {
  std::string json;
  json::append_quoted(json, text);
  return json;
}

std::string seconds_of(Duration duration) {
  return std::to_string(std::chrono::ceil<seconds>(duration).count());
}

}  // namespace

std::string aws_endpoint(std::string_view service, std::string_view region,
                         const std::map<std::string, std::string>& environment) {
  const std::string own = service == "sns" ? "AWS_ENDPOINT_URL_SNS" : "AWS_ENDPOINT_URL_SQS";
  for (const std::string& name : {own, std::string("AWS_ENDPOINT_URL")}) {
    const auto found = environment.find(name);
    if (found == environment.end() || found->second.empty()) continue;
    std::string endpoint = found->second;
    while (endpoint.ends_with('/')) endpoint.pop_back();
    return endpoint;
  }
  return "https://" + std::string(service) + "." + std::string(region) +
         (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

SqsQueue::SqsQueue(const Services& services, SqsOptions options)
    : http_(services.http),
      credentials_(services.credentials),
      clock_(services.clock),
      options_(std::move(options)),
      sqs_url_(sqs_url(options_)),
      sns_signer_(options_.region, "sns"),
      sqs_signer_(options_.region, "sqs"),
      form_{.id_attribute = options_.id_attribute,
            .group = is_fifo(options_) ? options_.message_group : "",
            .bytes_max = options_.body_bytes_max} {}

QueueCaps SqsQueue::caps() const {
  const bool fifo = !form_.group.empty();
  return {.durable = true,
          .ordered = fifo,
          .deduplicates = fifo,
          .receives = !options_.queue_url.empty(),
          .fences_receipts = false,
          // "On rare occasions, you might receive a message copy again" (SQS, standard queues).
          .hides_surely = fifo,
          .keeps_id = fifo || !options_.id_attribute.empty(),
          .binary = false,
          .body_bytes_max = options_.body_bytes_max};
}

Deadline SqsQueue::call_deadline() const {
  return {.at = clock_.steady_now() + options_.call_time_max, .stop = options_.stop};
}

Result<HttpResponse> SqsQueue::post(HttpRequest request, aws::Signer& signer,
                                    const Deadline& deadline) {
  const auto credentials = credentials_.credentials(deadline);
  if (!credentials) return fail(with_context(credentials.error(), "getting credentials for AWS"));
  request.method = "POST";
  auto added = signer.sign({.method = request.method,
                            .url = request.url,
                            .headers = request.headers,
                            .body = request.body},
                           signing_key(*credentials), clock_.now());
  if (!added) return fail(added.error());
  std::move(added->begin(), added->end(), std::back_inserter(request.headers));
  return http_.send(request, deadline);
}

Result<HttpResponse> SqsQueue::call_sns(std::string_view doing, std::string form) {
  const std::string what = std::string(doing) + " " + options_.topic_arn;
  auto response =
      post({.url = options_.sns_endpoint + "/",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}},
            .body = std::move(form)},
           sns_signer_, call_deadline());
  if (!response) return fail(with_context(response.error(), what));
  if (response->status / 100 != 2) return fail(sqs::error_of(*response, what, clock_.now()));
  return response;
}

Result<HttpResponse> SqsQueue::call_sqs(std::string_view action, std::string json,
                                        const Deadline& deadline) {
  const std::string what = std::string(action) + " on " + options_.queue_url;
  auto response = post({.url = sqs_url_,
                        .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                    {"X-Amz-Target", "AmazonSQS." + std::string(action)}},
                        .body = "{\"QueueUrl\":" + quoted(options_.queue_url) + "," + json + "}"},
                       sqs_signer_, deadline);
  if (!response) return fail(with_context(response.error(), what));
  if (response->status / 100 != 2) return fail(sqs::error_of(*response, what, clock_.now()));
  return response;
}

std::vector<SqsQueue::Batch> SqsQueue::batches_of(std::span<const Message> messages,
                                                  std::vector<Status>& answers) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    answers[i] = sqs::check_message(messages[i], form_);
    if (!answers[i]) continue;
    const std::size_t bytes = sqs::size_of(messages[i], form_);
    // The services' limit for a request is that for a message.
    if (batches.empty() || batches.back().indexes.size() == kEntriesPerRequest ||
        batches.back().bytes + bytes > SqsOptions{}.body_bytes_max) {
      batches.emplace_back();
    }
    batches.back().indexes.push_back(i);
    batches.back().bytes += bytes;
  }
  return batches;
}

Result<sqs::EntryAnswers> SqsQueue::send_batch(std::span<const Message> messages,
                                               const Batch& batch) {
  std::string entries;
  const bool by_sns = !options_.topic_arn.empty();
  for (std::size_t n = 0; n < batch.indexes.size(); ++n) {
    const Message& message = messages[batch.indexes[n]];
    if (!by_sns && n > 0) entries += ',';
    entries +=
        by_sns ? sqs::publish_entry(message, form_, n + 1) : sqs::send_entry(message, form_, n + 1);
  }
  if (!by_sns) {
    const auto response =
        call_sqs("SendMessageBatch", "\"Entries\":[" + entries + "]", call_deadline());
    return response ? sqs::decode_batch_answer(response->body) : fail(response.error());
  }
  const auto response =
      call_sns("publishing to", "Action=PublishBatch&Version=2010-03-31&TopicArn=" +
                                    to_percent(options_.topic_arn) + entries);
  if (!response) return fail(response.error());
  return sqs::decode_publish_answer(response->body);
}

Result<sqs::EntryAnswers> SqsQueue::send_with_repeats(std::span<const Message> messages,
                                                      const Batch& batch) {
  auto answers = send_batch(messages, batch);
  Duration pause = kEntryPauseFirst;
  for (int repeat = 0; repeat < kEntryRepeatsMax && form_.group.empty(); ++repeat, pause *= 2) {
    Batch again;
    std::vector<std::string> names;  // in the first answer
    for (std::size_t n = 0; answers && n < batch.indexes.size(); ++n) {
      const auto entry = answers->find(std::to_string(n + 1));
      if (entry == answers->end() || entry->second) continue;
      const Code code = entry->second.error().code;
      if (code != Code::unavailable && code != Code::resource_exhausted) continue;
      again.indexes.push_back(batch.indexes[n]);
      names.push_back(entry->first);
    }
    if (names.empty()) break;
    clock_.wait_until(clock_.steady_now() + pause, options_.stop);
    if (options_.stop.stop_requested()) break;
    const auto more = send_batch(messages, again);
    if (!more) break;  // the answers that are there say why it was asked
    for (std::size_t n = 0; n < names.size(); ++n) {
      const auto entry = more->find(std::to_string(n + 1));
      if (entry != more->end()) answers->insert_or_assign(names[n], entry->second);
    }
  }
  return answers;
}

Result<std::vector<Status>> SqsQueue::publish(std::span<const Message> messages) {
  if (options_.topic_arn.empty() && options_.queue_url.empty()) {
    return fail(Code::failed_precondition, "neither a topic nor a queue to publish to; name one");
  }
  std::vector<Status> answers(messages.size());
  const std::vector<Batch> batches = batches_of(messages, answers);
  std::atomic<std::size_t> next = 0;
  Mutex mutex;
  Status failed;  // the first request that did; guarded by mutex
  const auto work = [&] {
    for (std::size_t b = next++; b < batches.size(); b = next++) {
      Status before;
      {
        const Lock lock(mutex);
        before = failed;
      }
      const auto sent =
          before ? send_with_repeats(messages, batches[b])
                 : fail(with_context(before.error(), "not sent, since an earlier request failed"));
      for (std::size_t n = 0; n < batches[b].indexes.size(); ++n) {
        Status& answer = answers[batches[b].indexes[n]];  // nobody else's
        if (!sent) {
          answer = fail(sent.error());
        } else if (const auto entry = sent->find(std::to_string(n + 1)); entry != sent->end()) {
          answer = entry->second;
        } else {
          answer = fail(Code::unknown,
                        "the service's answer does not name the message; publish "
                        "it again under the same id");
        }
      }
      if (sent || !before) continue;
      const Lock lock(mutex);
      if (failed) failed = fail(sent.error());
    }
  };
  const std::size_t in_flight = form_.group.empty() ? options_.requests_in_flight : 1;
  {
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < std::min(in_flight, batches.size()); ++t) {
      others.emplace_back(work);
    }
    work();
  }
  return answers;
}

Result<std::vector<Delivery>> SqsQueue::poll(std::size_t limit, const Deadline& deadline) {
  const SteadyTime now = clock_.steady_now();
  // SQS waits in whole seconds; not beyond the deadline.
  const auto wait = std::chrono::floor<seconds>(
      std::clamp<Duration>(deadline.at - now, Duration(0), kLongPollMax));
  const auto response =
      call_sqs("ReceiveMessage",
               "\"MaxNumberOfMessages\":" + std::to_string(std::min(limit, kEntriesPerRequest)) +
                   ",\"WaitTimeSeconds\":" + std::to_string(wait.count()) +
                   ",\"VisibilityTimeout\":" + seconds_of(options_.visibility) +
                   ",\"AttributeNames\":[\"ApproximateReceiveCount\",\"MessageDeduplicationId\","
                   "\"SentTimestamp\"]"
                   ",\"MessageAttributeNames\":[\"All\"]",
               {.at = now + wait + kAnswerTimeMax, .stop = deadline.stop});
  if (response) return sqs::decode_received(response->body, options_.id_attribute);
  if (response.error().code == Code::cancelled && deadline.stop_requested()) {
    return std::vector<Delivery>{};
  }
  return fail(response.error());
}

Result<std::vector<Delivery>> SqsQueue::receive(std::size_t limit, const Deadline& deadline) {
  if (options_.queue_url.empty()) {
    return fail(Code::unimplemented, "this SNS topic only publishes; name a queue");
  }
  while (limit > 0 && !deadline.stop_requested()) {
    const SteadyTime asked_at = clock_.steady_now();
    auto deliveries = poll(limit, deadline);
    if (!deliveries || !deliveries->empty() || asked_at >= deadline.at) return deliveries;
    if (deadline.at - asked_at >= seconds(1)) continue;  // it waited
    clock_.wait_until(std::min(deadline.at, clock_.steady_now() + kPauseFirst), deadline.stop);
  }
  return std::vector<Delivery>{};
}

Status SqsQueue::call_with(std::span<const std::string> receipts, const ReceiptCall& call,
                           std::vector<std::string>& refused) {
  std::string entries;
  for (std::size_t n = 0; n < receipts.size(); ++n) {
    entries += n == 0 ? "" : ",";
    entries += "{\"Id\":\"" + std::to_string(n) + "\",\"ReceiptHandle\":" + quoted(receipts[n]) +
               call.rest + "}";
  }
  const auto response = call_sqs(call.action, "\"Entries\":[" + entries + "]", call_deadline());
  if (!response && response.error().code != Code::invalid_argument) return fail(response.error());
  if (!response && receipts.size() == 1) {
    refused.push_back(receipts[0]);
    return {};
  }
  if (!response) {
    const std::size_t half = receipts.size() / 2;
    if (const Status first = call_with(receipts.first(half), call, refused); !first) return first;
    return call_with(receipts.subspan(half), call, refused);
  }
  const auto answers = sqs::decode_batch_answer(response->body);
  if (!answers) return fail(answers.error());
  Status answer;
  for (std::size_t n = 0; n < receipts.size(); ++n) {
    const auto entry = answers->find(std::to_string(n));
    if (entry == answers->end() || entry->second) continue;
    if (entry->second.error().code == Code::invalid_argument) {
      refused.push_back(receipts[n]);
    } else if (answer) {
      answer = fail(with_context(entry->second.error(), std::string(call.action)));
    }
  }
  return answer;
}

Status SqsQueue::call_in_batches(std::span<const std::string> receipts, const ReceiptCall& call,
                                 std::vector<std::string>& refused) {
  if (options_.queue_url.empty()) {
    return fail(Code::unimplemented, "this SNS topic only publishes; name a queue");
  }
  Status answer;
  while (!receipts.empty()) {
    const std::size_t count = std::min(kEntriesPerRequest, receipts.size());
    if (Status done = call_with(receipts.first(count), call, refused); !done && answer) {
      answer = std::move(done);
    }
    receipts = receipts.subspan(count);
  }
  return answer;
}

Status SqsQueue::ack(std::span<const std::string> receipts) {
  std::vector<std::string> refused;
  return call_in_batches(receipts, {.action = "DeleteMessageBatch"}, refused);
}

Status SqsQueue::nack(std::span<const std::string> receipts) {
  std::vector<std::string> refused;
  return call_in_batches(
      receipts, {.action = "ChangeMessageVisibilityBatch", .rest = ",\"VisibilityTimeout\":0"},
      refused);
}

Status SqsQueue::extend(std::span<const std::string> receipts, Duration visibility) {
  if (visibility > kVisibilityMax || visibility <= Duration(0)) {
    return fail(Code::invalid_argument,
                "an SQS message is hidden for up to 12 h, not for " + format_duration(visibility));
  }
  std::vector<std::string> refused;
  const Status called =
      call_in_batches(receipts,
                      {.action = "ChangeMessageVisibilityBatch",
                       .rest = ",\"VisibilityTimeout\":" + seconds_of(visibility)},
                      refused);
  if (!called || refused.empty()) return called;
  return fail(Code::not_found, "the time of " + std::to_string(refused.size()) +
                                   " receipts is over: others may have the messages by now");
}

Status SqsQueue::check_topic() {
  const auto answer =
      call_sns("looking at", "Action=GetTopicAttributes&Version=2010-03-31&TopicArn=" +
                                 to_percent(options_.topic_arn));
  return answer ? Status() : fail(answer.error());
}

}  // namespace waybill
