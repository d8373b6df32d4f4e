#include "services/webhook_post.h"

#include <utility>
#include <vector>

#include "base/utf8.h"

namespace waybill {

std::string webhook_failure(const Result<HttpResponse>& answer) {
  constexpr std::size_t kBytesMax = 500;
  if (!answer) return std::string(utf8_prefix(mend_utf8(answer.error().message), kBytesMax));
  if (answer->status >= 200 && answer->status < 300) return "";
  const bool elsewhere = answer->status >= 300 && answer->status < 400;
  return "it answered " + std::to_string(answer->status) +
         (elsewhere ? ", and redirects are not followed" : "");
}

Result<std::vector<std::string>> WebhookPost::keys_of(const WebhookSettings& hook) {
  std::vector<std::string> keys;
  for (const std::string& name : hook.secrets) {
    const auto secret = secrets_.secret(name);
    if (!secret) {
      Error error = with_context(secret.error(), "signing for webhook \"" + hook.name + "\"");
      if (error.code == Code::not_found) {
        error.code = Code::failed_precondition;
        error.message += "; put it with `waybill secret set`";
      }
      // What is damaged is put anew likewise.
      if (error.code == Code::data_loss) error.code = Code::failed_precondition;
      return fail(std::move(error));
    }
    auto key = parse_webhook_secret(*secret);
    if (!key) {
      return fail(Code::failed_precondition,
                  "secret \"" + name + "\": " + std::move(key.error().message));
    }
    keys.push_back(std::move(*key));
  }
  return keys;
}

Status WebhookPost::check_secrets(const WebhookSettings& hook) {
  const auto keys = keys_of(hook);
  return keys ? Status() : Status(fail(keys.error()));
}

Result<HttpResponse> WebhookPost::send(const WebhookSettings& hook, const Message& message,
                                       const Deadline& deadline) {
  const auto keys = keys_of(hook);
  if (!keys) return fail(keys.error());
  const auto now =
      std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
  HttpRequest request{
      .method = "POST",
      .url = hook.url,
      .headers = {{"Content-Type", "application/cloudevents+json; charset=utf-8"},
                  {"webhook-id", message.id},
                  {"webhook-timestamp", std::to_string(now)},
                  {"webhook-signature", webhook_signature(*keys, message.id, now, message.body)}},
      .body = message.body};
  return http_.send(request, deadline);
}

}  // namespace waybill
