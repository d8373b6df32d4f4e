#include "services/webhook_desk.h"

#include <boost/json.hpp>

#include "base/json.h"
#include "core/webhook_address.h"

namespace waybill {

Status WebhookDesk::check_settings(const WebhookSettings& settings) const {
  if (Status fits = check_webhook(settings); !fits) return fits;
  return check_webhook_address(networks_, settings.url);
}

Status WebhookDesk::check(const WebhookSettings& settings) {
  if (Status fits = check_settings(settings); !fits) return fits;
  return ports_.post.check_secrets(settings);
}

Result<WebhookPutDone> WebhookDesk::put(const WebhookSettings& settings, std::string_view who) {
  if (Status fits = check(settings); !fits) return fail(fits.error());
  const auto last = ports_.reader.last_sequence(std::nullopt, {});
  if (!last) return fail(last.error());
  return ports_.store.put({.settings = settings,
                           .id = ports_.new_id(),
                           .sequence = *last,
                           .at = ports_.clock.now(),
                           .by = std::string(who)});
}

Result<Webhook> WebhookDesk::find(std::string_view name) {
  auto hooks = ports_.store.list();
  if (!hooks) return fail(hooks.error());
  for (Webhook& hook : *hooks) {
    if (hook.settings.name == name) return std::move(hook);
  }
  return fail(Code::not_found, "there is no webhook \"" + std::string(name) + "\"");
}

Status WebhookDesk::pause(std::string_view name, std::string_view who) {
  return ports_.store.set_state(std::string(name), WebhookState::paused, ports_.clock.now(),
                                std::string(who));
}

Status WebhookDesk::resume(std::string_view name, std::string_view who) {
  return ports_.store.set_state(std::string(name), WebhookState::active, ports_.clock.now(),
                                std::string(who));
}

Result<std::vector<WebhookDelivery>> WebhookDesk::deliveries(std::string_view name,
                                                             std::uint64_t after,
                                                             std::size_t limit) {
  if (const auto there = find(name); !there) return fail(there.error());
  return ports_.store.deliveries({.name = std::string(name), .after = after, .limit = limit});
}

Result<std::size_t> WebhookDesk::replay(std::string_view name) {
  if (const auto there = find(name); !there) return fail(there.error());
  return ports_.store.revive(std::string(name), ports_.clock.now());
}

Result<WebhookDesk::Tried> WebhookDesk::test(std::string_view name, const Deadline& deadline) {
  const auto hook = find(name);
  if (!hook) return fail(hook.error());
  const Uuid id = ports_.new_id();
  Tried tried{.id = to_string(id), .error = {}};
  const auto answer = ports_.post.send(
      hook->settings, {.id = tried.id, .body = webhook_test_body(hook->id, id, ports_.clock.now())},
      deadline);
  tried.error = webhook_failure(answer);
  if (answer) tried.status = answer->status;
  return tried;
}

boost::json::object to_json(const WebhookDesk::Tried& tried) {
  namespace bj = boost::json;
  return {{"id", tried.id},
          {"delivered", tried.error.empty()},
          {"status", tried.status == 0 ? bj::value(nullptr) : bj::value(tried.status)},
          {"error", json::text_or_null(tried.error)}};
}

}  // namespace waybill
