// Webhooks: put, looked at, paused, tried.

#include <boost/json.hpp>

#include "base/json.h"
#include "core/webhook_json.h"
#include "http/api/routes.h"
#include "services/webhook_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr Duration kTestMax = std::chrono::seconds(10);

Answer<WebhookDesk*> desk_of(const ApiParts& parts) {
  if (parts.webhooks != nullptr) return parts.webhooks;
  return refuse(Error{.code = Code::unimplemented, .message = "this server has no webhooks"});
}

Answer<Reply> look(WebhookDesk& desk, std::string_view name, int status = 200) {
  const auto hook = desk.find(name);
  if (!hook) return refuse(hook.error());
  return json_response(webhook_to_json(*hook), status);
}

Answer<Reply> list_webhooks(WebhookDesk& desk, const Call&) {
  const auto hooks = desk.list();
  if (!hooks) return refuse(hooks.error());
  bj::array array;
  for (const Webhook& hook : *hooks) array.push_back(webhook_to_json(hook));
  return json_response(bj::object{{"webhooks", std::move(array)}});
}

Answer<Reply> put_webhook(WebhookDesk& desk, const Call& call) {
  const std::string& name = call.at("name");
  const auto settings = read_webhook_settings(name, call.body.get_object());
  if (!settings) return refuse(settings.error());
  // Those are what was asked for, and no trouble of the store.
  if (Status fits = desk.check(*settings); !fits) return refuse(fits.error());
  const auto put = desk.put(*settings, call.who.name);
  if (!put) return refuse_storage(put.error());
  return look(desk, name, *put == WebhookPutDone::made ? 201 : 200);
}

Answer<Reply> remove_webhook(WebhookDesk& desk, const Call& call) {
  if (Status done = desk.remove(call.at("name")); !done) return refuse(done.error());
  return Response{.status = 204, .body = {}, .content_type = {}, .headers = {}, .stream = nullptr};
}

Answer<Reply> pause_webhook(WebhookDesk& desk, const Call& call) {
  if (Status done = desk.pause(call.at("name"), call.who.name); !done) return refuse(done.error());
  return look(desk, call.at("name"));
}

Answer<Reply> resume_webhook(WebhookDesk& desk, const Call& call) {
  if (Status done = desk.resume(call.at("name"), call.who.name); !done) return refuse(done.error());
  return look(desk, call.at("name"));
}

Answer<Reply> replay_webhook(WebhookDesk& desk, const Call& call) {
  const auto count = desk.replay(call.at("name"));
  if (!count) return refuse(count.error());
  return json_response(bj::object{{"replayed", *count}});
}

Answer<Reply> test_webhook(WebhookDesk& desk, const Clock& clock, const Call& call) {
  const auto tried = desk.test(call.at("name"), {.at = clock.steady_now() + kTestMax});
  if (!tried) return refuse(tried.error());
  return json_response(to_json(*tried));
}

Answer<Reply> list_deliveries(WebhookDesk& desk, const Call& call) {
  const auto hook = desk.find(call.at("name"));
  if (!hook) return refuse(hook.error());
  const auto deliveries =
      desk.deliveries(call.at("name"), static_cast<std::uint64_t>(call.query.integer("after")),
                      static_cast<std::size_t>(call.query.integer("limit")));
  if (!deliveries) return refuse(deliveries.error());
  bj::array array;
  for (const WebhookDelivery& delivery : *deliveries) {
    array.push_back(webhook_delivery_to_json(hook->id, delivery));
  }
  return json_response(bj::object{{"deliveries", std::move(array)}});
}

}  // namespace

void add_webhook_handlers(const ApiParts& parts, Handlers& handlers) {
  using Serve = Answer<Reply> (*)(WebhookDesk&, const Call&);
  const auto add = [&](const char* operation, Serve serve) {
    handlers[operation] = [&parts, serve](const Call& call) -> Answer<Reply> {
      const auto desk = desk_of(parts);
      if (!desk) return refuse(desk.error());
      return serve(**desk, call);
    };
  };
  add("listWebhooks", list_webhooks);
  add("getWebhook",
      [](WebhookDesk& desk, const Call& call) { return look(desk, call.at("name")); });
  add("putWebhook", put_webhook);
  add("removeWebhook", remove_webhook);
  add("pauseWebhook", pause_webhook);
  add("resumeWebhook", resume_webhook);
  add("replayWebhook", replay_webhook);
  add("listWebhookDeliveries", list_deliveries);
  handlers["testWebhook"] = [&parts](const Call& call) -> Answer<Reply> {
    const auto desk = desk_of(parts);
    if (!desk) return refuse(desk.error());
    return test_webhook(**desk, parts.clock, call);
  };
}

}  // namespace waybill::http
