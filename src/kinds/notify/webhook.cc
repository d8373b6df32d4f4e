#include "kinds/notify/webhook.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/utf8.h"
#include "core/notify.h"
#include "core/task_json.h"
#include "core/webhook.h"
#include "kinds/notify/spec.h"

namespace waybill {
namespace {

namespace bj = boost::json;

constexpr Duration kAnswerMax = std::chrono::seconds(30);
constexpr std::size_t kMessageBytesMax = 500;

outcome::Failed failed(FailureClass failure_class, std::string error) {
  return {.failure_class = failure_class, .error = std::move(error)};
}

Result<std::vector<std::string>> signing_keys(const WebhookSettings& hook, TaskContext& context) {
  std::vector<std::string> keys;
  for (const std::string& name : hook.secrets) {
    const auto secret = context.secret(name);
    if (!secret) return fail(with_context(secret.error(), "signing with secret \"" + name + "\""));
    auto key = parse_webhook_secret(*secret);
    if (!key) {
      return fail(Code::invalid_argument,
                  "secret \"" + name + "\": " + std::move(key.error().message));
    }
    keys.push_back(std::move(*key));
  }
  return keys;
}

bool may_answer_otherwise(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

Outcome outcome_of_answer(const Result<HttpResponse>& answer, Time now) {
  if (!answer) {
    const Code code = answer.error().code;
    if (code == Code::cancelled) return outcome::Stopped{.proof = "{}"};
    const bool lasts = code == Code::permission_denied || code == Code::invalid_argument;
    return failed(lasts ? FailureClass::permanent : FailureClass::transient,
                  std::string(utf8_prefix(mend_utf8(answer.error().message), kMessageBytesMax)));
  }
  const int status = answer->status;
  if (status >= 200 && status < 300) {
    return outcome::Succeeded{.result = json::serialize(bj::object{{"status", status}})};
  }
  std::string error = "it answered " + std::to_string(status);
  if (status >= 300 && status < 400) error += ", and redirects are not followed";
  if (!may_answer_otherwise(status)) return failed(FailureClass::permanent, std::move(error));
  outcome::Failed passing = failed(FailureClass::transient, std::move(error));
  passing.retry_after = std::min<Duration>(retry_after(*answer, now), std::chrono::hours(24));
  return passing;
}

/// The id of what it tells of, and whether that is a task or a run.
std::pair<std::string, std::string> subject_of(const bj::object& facts) {
  for (const char* about : {"task", "run"}) {
    const bj::value* told = facts.if_contains(about);
    const bj::value* id =
        told != nullptr && told->is_object() ? told->get_object().if_contains("id") : nullptr;
    if (id != nullptr && id->is_string()) return {about, std::string(id->get_string())};
  }
  return {"", ""};
}

}  // namespace

std::string_view WebhookKind::name() const { return kWebhookKind; }
std::string_view WebhookKind::spec_schema() const { return webhook_spec_schema(); }

Status WebhookKind::check(const TaskRequest& request) const {
  const auto settings = parse_webhook_spec(request.spec);
  return settings ? Status() : Status(fail(settings.error()));
}

std::string notification_event(const Task& task) {
  const bj::value params = text_to_json(task.request.params);
  const bj::object facts = params.is_object() ? params.get_object() : bj::object();
  const auto [about, subject] = subject_of(facts);
  const bj::value* outcome = facts.if_contains("outcome");
  std::string type = "waybill.notification";
  if (!about.empty()) type += "." + about;
  if (outcome != nullptr && outcome->is_string()) type += "." + std::string(outcome->get_string());
  bj::object event = {{"specversion", "1.0"},
                      {"id", to_string(task.id())},
                      {"source", "urn:waybill:notification"},
                      {"type", json::text(type)},
                      {"time", format_time(task.created_at)},
                      {"datacontenttype", "application/json"}};
  if (!subject.empty()) event["subject"] = json::text(subject);
  event["data"] = facts;
  return json::serialize(event);
}

Outcome WebhookKind::run(const Task& task, TaskContext& context) {
  if (http_ == nullptr) {
    return failed(FailureClass::permanent, "notifications are sent by `waybill up` and `serve`");
  }
  const auto hook = parse_webhook_spec(task.request.spec);
  if (!hook) return failed(FailureClass::permanent, hook.error().message);
  const auto keys = signing_keys(*hook, context);
  if (!keys) {
    const Code code = keys.error().code;
    const bool lasts =
        code == Code::not_found || code == Code::data_loss || code == Code::invalid_argument;
    return failed(lasts ? FailureClass::permanent : FailureClass::transient, keys.error().message);
  }
  const std::string id = to_string(task.id());
  const std::string body = notification_event(task);
  const Time now = clock_->now();
  const std::int64_t seconds =
      std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  const HttpRequest request{
      .method = "POST",
      .url = hook->url,
      .headers = {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                  {"webhook-id", id},
                  {"webhook-timestamp", std::to_string(seconds)},
                  {"webhook-signature", webhook_signature(*keys, id, seconds, body)}},
      .body = body};
  const SteadyTime limit = std::min(context.deadline(), clock_->steady_now() + kAnswerMax);
  return outcome_of_answer(http_->send(request, {.at = limit, .stop = context.stop()}), now);
}

}  // namespace waybill
