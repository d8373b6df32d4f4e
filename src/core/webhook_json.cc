#include "core/webhook_json.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/task_json.h"

namespace waybill {
namespace {

namespace bj = boost::json;

bj::array texts(const std::vector<std::string>& values) {
  bj::array array;
  for (const std::string& value : values) array.emplace_back(value);
  return array;
}

tl::unexpected<Error> not_texts(std::string_view field) {
  return fail(Code::invalid_argument, std::string(field) + ": it has to be a list of texts");
}

Result<std::vector<std::string>> read_texts(const bj::object& object, std::string_view field) {
  std::vector<std::string> values;
  const bj::value* found = object.if_contains(field);
  if (found == nullptr) return values;
  if (!found->is_array()) return not_texts(field);
  for (const bj::value& value : found->get_array()) {
    if (!value.is_string()) return not_texts(field);
    values.emplace_back(value.get_string());
  }
  return values;
}

Result<std::vector<State>> read_states(const bj::object& object) {
  if (!object.contains("states")) {
    return std::vector<State>{State::succeeded, State::failed, State::cancelled};
  }
  const auto names = read_texts(object, "states");
  if (!names) return fail(names.error());
  std::vector<State> states;
  for (const std::string& name : *names) {
    const auto state = parse_state(name);
    if (!state) {
      return fail(Code::invalid_argument, "states: \"" + name +
                                              "\" is none of blocked, scheduled, ready, leased, "
                                              "succeeded, failed, cancelled");
    }
    states.push_back(*state);
  }
  return states;
}

}  // namespace

bj::object webhook_settings_to_json(const WebhookSettings& settings) {
  bj::array states;
  for (const State state : settings.states) states.emplace_back(json::text(to_string(state)));
  return {{"url", settings.url},
          {"states", std::move(states)},
          {"queues", texts(settings.queues)},
          {"kinds", texts(settings.kinds)},
          {"definitions", texts(settings.definitions)},
          {"secrets", texts(settings.secrets)}};
}

bj::object webhook_to_json(const Webhook& webhook) {
  const WebhookHealth& health = webhook.health;
  bj::object object{{"name", webhook.settings.name},
                    {"id", to_string(webhook.id)},
                    {"state", json::text(to_string(webhook.state))}};
  for (auto& member : webhook_settings_to_json(webhook.settings)) object.insert(member);
  object["sequence"] = health.sequence;
  object["failures"] = health.failures;
  object["waits_until"] = time_to_json(health.wait_until);
  object["succeeded_at"] = time_to_json(health.succeeded_at);
  object["failed_at"] = time_to_json(health.failed_at);
  object["status"] = health.status == 0 ? bj::value(nullptr) : bj::value(health.status);
  object["error"] = json::text_or_null(health.error);
  object["gaps"] = health.gaps;
  object["created_at"] = time_to_json(webhook.created_at);
  object["changed_at"] = time_to_json(webhook.changed_at);
  object["changed_by"] = webhook.changed_by;
  return object;
}

bj::object webhook_delivery_to_json(const Uuid& webhook, const WebhookDelivery& delivery) {
  return {{"id", webhook_message_id(webhook, delivery.sequence)},
          {"sequence", delivery.sequence},
          {"attempts", delivery.attempts},
          {"given_up", delivery.given_up},
          {"next_at", time_to_json(delivery.next_at)},
          {"status", delivery.status == 0 ? bj::value(nullptr) : bj::value(delivery.status)},
          {"error", json::text_or_null(delivery.error)}};
}

Result<WebhookSettings> read_webhook_settings(std::string_view name, const bj::object& object) {
  WebhookSettings settings{.name = std::string(name)};
  if (const bj::value* url = object.if_contains("url"); url != nullptr && url->is_string()) {
    settings.url = std::string(url->get_string());
  }
  auto states = read_states(object);
  if (!states) return fail(states.error());
  settings.states = std::move(*states);
  const std::pair<std::string_view, std::vector<std::string>*> lists[] = {
      {"queues", &settings.queues},
      {"kinds", &settings.kinds},
      {"definitions", &settings.definitions},
      {"secrets", &settings.secrets}};
  for (const auto& [field, list] : lists) {
    auto values = read_texts(object, field);
    if (!values) return fail(values.error());
    *list = std::move(*values);
  }
  return settings;
}

}  // namespace waybill
