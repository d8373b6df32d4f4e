#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/definition_fields.h"
#include "core/definition_read.h"

namespace waybill {
namespace bj = boost::json;
namespace {

/// A text, or a list of them.
bj::array texts_of(const bj::value& value) {
  return value.is_array() ? value.get_array() : bj::array{value};
}

bj::object mail_spec(const bj::value& mail) {
  if (!mail.is_object()) return {{"to", texts_of(mail)}};
  bj::object spec = mail.get_object();
  bj::value& to = spec.at("to");
  to = texts_of(to);
  return spec;
}

void add_rules(const bj::object& object, const std::string& pointer,
               std::vector<PlacedNotifyRule>& rules) {
  const Fields fields(object);
  std::vector<State> on;
  if (const bj::value* given = fields.find("on")) {
    for (const bj::value& outcome : texts_of(*given)) {
      on.push_back(parse_state(std::string_view(outcome.get_string())).value());
    }
  } else {
    on.push_back(State::failed);
  }
  if (const bj::value* mail = fields.find("mail")) {
    rules.push_back({.rule = {.on = on,
                              .kind = std::string(kMailKind),
                              .spec = json::serialize(mail_spec(*mail))},
                     .pointer = pointer + "/mail"});
  }
  if (const bj::value* webhook = fields.find("webhook")) {
    rules.push_back(
        {.rule = {.on = on, .kind = std::string(kWebhookKind), .spec = json::serialize(*webhook)},
         .pointer = pointer + "/webhook"});
  }
}

}  // namespace

std::vector<PlacedNotifyRule> read_notify_rules(const Entry& entry) {
  std::vector<PlacedNotifyRule> rules;
  const bj::value* notify = Fields(entry.object).find("notify");
  if (notify == nullptr) return rules;
  if (notify->is_object()) {
    add_rules(notify->get_object(), "/notify", rules);
    return rules;
  }
  const bj::array& list = notify->get_array();
  for (std::size_t i = 0; i < list.size(); ++i) {
    add_rules(list[i].get_object(), "/notify/" + std::to_string(i), rules);
  }
  return rules;
}

std::string read_notify_of(const Entry& entry) {
  std::vector<NotifyRule> rules;
  for (PlacedNotifyRule& placed : read_notify_rules(entry)) {
    rules.push_back(std::move(placed.rule));
  }
  return notify_json(rules);
}

}  // namespace waybill
