#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/webhook.h"
#include "ports/clock.h"
#include "ports/http_client.h"
#include "ports/secret_source.h"

namespace waybill {

/// Why an answer does not mean that a message was taken; empty: it was, which is any of 2xx.
std::string webhook_failure(const Result<HttpResponse>& answer);

/// Sends single messages of webhooks, signed (Standard Webhooks). Thread-safe; blocks.
class WebhookPost {
 public:
  /// They outlive it. `http` decides where it may connect to.
  WebhookPost(HttpClient& http, SecretSource& secrets, Clock& clock)
      : http_(http), secrets_(secrets), clock_(clock) {}

  struct Message {
    std::string id;
    std::string body;  ///< a CloudEvent in structured JSON
  };
  /// The answer, whatever its status. Errors: those of HttpClient; `failed_precondition` for a
  /// secret that is not there or no key; others of the secrets as they are.
  Result<HttpResponse> send(const WebhookSettings& hook, const Message& message,
                            const Deadline& deadline);
  /// Whether its secrets are there and keys. Errors as for send().
  Status check_secrets(const WebhookSettings& hook);

 private:
  Result<std::vector<std::string>> keys_of(const WebhookSettings& hook);

  HttpClient& http_;
  SecretSource& secrets_;
  Clock& clock_;
};

}  // namespace waybill
