#include "core/webhook.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/ip_network.h"
#include "core/name_filter.h"
#include "core/task_json.h"

namespace waybill {
namespace {

namespace bj = boost::json;
using namespace std::chrono_literals;

constexpr std::array<std::string_view, kWebhookStateCount> kStates = {"active", "paused", "gone"};
constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kListMax = 100;
constexpr std::string_view kSecretPrefix = "whsec_";

// As Standard Webhooks proposes; with the first attempt these are ten in three days.
constexpr std::array<Duration, 9> kRetries = {5s, 5min, 30min, 2h, 5h, 10h, 14h, 20h, 24h};
constexpr Duration kPauseMax = 5min;

tl::unexpected<Error> refuse_webhook(std::string_view field, std::string_view why) {
  return fail(Code::invalid_argument, std::string(field) + ": " + std::string(why));
}

/// The part between scheme and path; empty: this is no address that we take.
std::string_view authority_of(std::string_view url) {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (url.starts_with(scheme)) {
      url.remove_prefix(scheme.size());
      return url.substr(0, url.find_first_of("/?"));
    }
  }
  return {};
}

/// "host", "host:port", "[address]" or "[address]:port".
Status check_host(std::string_view authority) {
  const bool bracketed = authority.starts_with('[');
  const std::size_t close = bracketed ? authority.find(']') : std::string_view::npos;
  if (bracketed) {
    const auto address =
        parse_ip_address(authority.substr(1, close == authority.npos ? 0 : close - 1));
    if (!address) return refuse_webhook("url", "between its brackets there is no address");
  }
  const std::size_t end = bracketed ? close + 1 : std::min(authority.find(':'), authority.size());
  if (end == 0) return refuse_webhook("url", "it has no host");
  const std::string_view port = authority.substr(end);
  if (port.empty()) return {};
  int number = 0;
  const auto [stop, error] = std::from_chars(port.data() + 1, port.data() + port.size(), number);
  const bool is_port = port.front() == ':' && error == std::errc() &&
                       stop == port.data() + port.size() && number >= 1 && number <= 65535;
  if (is_port) return {};
  return refuse_webhook("url", "its port has to be a number from 1 to 65535");
}

Status check_url(std::string_view url) {
  if (url.size() > kUrlBytesMax) return refuse_webhook("url", "it has more than 2048 characters");
  const bool plain = std::ranges::all_of(
      url, [](char c) { return c > ' ' && c < 0x7f && c != '\\' && c != '"' && c != '<'; });
  if (!plain) {
    return refuse_webhook("url", "it has characters that no URL has; write them percent-encoded");
  }
  const std::string_view authority = authority_of(url);
  if (authority.empty()) return refuse_webhook("url", "it has to begin with https:// and a host");
  if (authority.find('@') != authority.npos) {
    return refuse_webhook("url",
                          "it must not hold a user or password; messages are signed instead");
  }
  if (Status fits = check_host(authority); !fits) return fits;
  if (url.find('#') != url.npos) return refuse_webhook("url", "it must not have a fragment (#)");
  return {};
}

Status check_names(std::string_view field, const std::vector<std::string>& names) {
  if (names.size() > kListMax) return refuse_webhook(field, "there are more than 100");
  for (const std::string& name : names) {
    if (!is_name(name)) return refuse_webhook(field, "\"" + name + "\" " + std::string(kNameRule));
  }
  return {};
}

bj::object envelope(const Uuid& webhook, std::string_view id, std::string_view type, Time at) {
  return {{"specversion", "1.0"},
          {"id", json::text(id)},
          {"source", "urn:uuid:" + to_string(webhook)},
          {"type", json::text(type)},
          {"time", format_time(at)},
          {"datacontenttype", "application/json"}};
}

/// Without what may be large or nobody's business.
bj::value told_of(const std::optional<Task>& task) {
  if (!task) return nullptr;
  bj::object object = task_to_json(*task);
  object.erase("params");
  object.erase("spec");
  object.erase("notify");
  return object;
}

/// A text of a few kilobytes at most, cut where it is longer.
void cut_text(bj::object& object, std::string_view name) {
  constexpr std::size_t kKept = 4 << 10;
  bj::value* value = object.if_contains(name);
  if (value == nullptr || !value->is_string() || value->get_string().size() <= kKept) return;
  const std::string_view text = value->get_string();
  *value = json::text(std::string(utf8_prefix(text, kKept)) + "…");
}

void make_smaller(bj::object& data) {
  cut_text(data, "reason");
  bj::value& task = data.at("task");
  if (!task.is_object()) return;
  bj::object& object = task.get_object();
  object["result"] = nullptr;
  cut_text(object, "error");
  // What was counted to be too much is told by what is left out.
  data["shortened"] = true;
}

}  // namespace

std::string_view to_string(WebhookState state) { return kStates[static_cast<std::size_t>(state)]; }

tl::unexpected<Error> too_many_webhooks() {
  return fail(Code::failed_precondition, "there are 100 webhooks already; remove one first");
}

Status check_webhook(const WebhookSettings& settings) {
  if (!is_name(settings.name)) return refuse_webhook("name", "it " + std::string(kNameRule));
  if (Status fits = check_url(settings.url); !fits) return fits;
  if (settings.states.size() > static_cast<std::size_t>(kStateCount)) {
    return refuse_webhook("states", "there are only 7, and each counts once");
  }
  if (Status fits = check_names("queues", settings.queues); !fits) return fits;
  if (Status fits = check_names("kinds", settings.kinds); !fits) return fits;
  if (Status fits = check_names("definitions", settings.definitions); !fits) return fits;
  if (Status fits = check_names("secrets", settings.secrets); !fits) return fits;
  if (settings.secrets.empty()) {
    return refuse_webhook("secrets", "name one, with which messages are signed");
  }
  if (settings.secrets.size() > kWebhookSecretsMax) {
    return refuse_webhook("secrets", "there are more than 3");
  }
  return {};
}

bool is_encrypted(std::string_view url) { return url.starts_with("https://"); }

bool wants_change(const WebhookSettings& settings, std::string_view queue, State state) {
  return accepts(settings.states, state) && accepts(settings.queues, queue);
}

bool wants_task(const WebhookSettings& settings, const TaskRequest& task) {
  return accepts(settings.kinds, task.kind) && accepts(settings.definitions, task.definition);
}

bool asks_for_task(const WebhookSettings& settings) {
  return !settings.kinds.empty() || !settings.definitions.empty();
}

std::string webhook_message_id(const Uuid& webhook, std::uint64_t sequence) {
  return to_string(webhook) + "_" + std::to_string(sequence);
}

std::string webhook_body(const Uuid& webhook, const WebhookEvent& event) {
  bj::object object =
      envelope(webhook, webhook_message_id(webhook, event.sequence),
               "waybill.task." + std::string(to_string(event.entry.state)), event.entry.at);
  object["subject"] = to_string(event.task_id);
  bj::object data{{"sequence", event.sequence},
                  {"id", to_string(event.task_id)},
                  {"queue", json::text(event.queue)}};
  for (auto& member : history_to_json(event.entry)) data.insert(member);
  data["task"] = told_of(event.task);
  object["data"] = data;
  std::string body = json::serialize(object);
  if (body.size() <= kWebhookBodyBytesMax) return body;
  make_smaller(data);
  object["data"] = data;
  body = json::serialize(object);
  if (body.size() <= kWebhookBodyBytesMax) return body;
  data["task"] = nullptr;  // labels alone may be more
  object["data"] = std::move(data);
  return json::serialize(object);
}

std::string webhook_test_body(const Uuid& webhook, const Uuid& message, Time now) {
  bj::object object = envelope(webhook, to_string(message), "waybill.webhook.test", now);
  object["data"] = bj::object{{"message", "a test: nothing has changed"}};
  return json::serialize(object);
}

Result<std::string> parse_webhook_secret(std::string_view secret) {
  constexpr std::string_view kForm =
      "a webhook's secret has to be whsec_ and 24 to 64 random bytes in base64";
  if (!secret.starts_with(kSecretPrefix)) {
    return fail(Code::invalid_argument,
                std::string(kForm) + ", as `echo whsec_$(openssl rand -base64 32)` makes one");
  }
  auto key = from_base64(secret.substr(kSecretPrefix.size()));
  if (!key || key->size() < 24 || key->size() > 64) {
    return fail(Code::invalid_argument, std::string(kForm));
  }
  return std::move(*key);
}

std::string format_webhook_secret(std::string_view key) {
  return std::string(kSecretPrefix) + to_base64(key);
}

std::string webhook_signature(std::span<const std::string> keys, std::string_view id,
                              std::int64_t timestamp_s, std::string_view body) {
  std::string content(id);
  content.append(".").append(std::to_string(timestamp_s)).append(".").append(body);
  std::string value;
  for (const std::string& key : keys) {
    if (!value.empty()) value += ' ';
    value += "v1," + to_base64(hmac_sha256(key, content));
  }
  return value;
}

std::optional<Duration> webhook_retry_delay(std::int64_t attempts, double chance) {
  if (attempts < 1 || attempts > static_cast<std::int64_t>(kRetries.size())) return std::nullopt;
  const Duration delay = kRetries[static_cast<std::size_t>(attempts - 1)];
  return delay + Duration(static_cast<std::int64_t>(static_cast<double>(delay.count()) * 0.1 *
                                                    std::clamp(chance, 0.0, 1.0)));
}

Duration webhook_pause(std::int64_t failures) {
  if (failures <= 0) return Duration::zero();
  if (failures > 9) return kPauseMax;
  return std::min<Duration>(kPauseMax, std::chrono::seconds(1 << (failures - 1)));
}

}  // namespace waybill
