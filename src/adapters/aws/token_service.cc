#include "adapters/aws/token_service.h"

#include <pugixml.hpp>
#include <utility>

#include "base/percent.h"

namespace waybill::aws {
namespace {

Result<std::string> service_url(const TokenService& service) {
  if (!service.endpoint.empty()) {
    return service.endpoint.ends_with('/') ? service.endpoint : service.endpoint + '/';
  }
  if (service.region.empty()) {
    return fail(Code::failed_precondition, "no region to ask for a role in: set AWS_REGION");
  }
  const std::string country = service.region.starts_with("cn-") ? ".cn/" : "/";
  return "https://sts." + service.region + ".amazonaws.com" + country;
}

std::string form(const std::string& action, const RoleRequest& request) {
  std::string text = "Action=" + action +
                     "&Version=2011-06-15&RoleArn=" + to_percent(request.role_arn) +
                     "&RoleSessionName=" + to_percent(request.session_name);
  if (!request.external_id.empty()) text += "&ExternalId=" + to_percent(request.external_id);
  return text;
}

/// The service's own name for the error; its message may repeat parts of the token.
Error refusal(const HttpResponse& response, const std::string& role, Time now) {
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const std::string name =
      document.child("ErrorResponse").child("Error").child("Code").text().get();
  const bool is_busy = response.status >= 500 || response.status == 429 || name == "Throttling" ||
                       name == "IDPCommunicationError";
  Error error{.code = is_busy ? Code::unavailable : Code::unauthenticated,
              .message = "role " + role + " cannot be assumed: the token service answers " +
                         std::to_string(response.status) + (name.empty() ? "" : " " + name)};
  if (name == "AccessDenied") error.message += "; check whom the role trusts";
  if (name == "ExpiredTokenException") error.message += "; the web identity token is too old";
  if (name == "InvalidIdentityToken") {
    error.message += "; check the identity provider and the audience of the token";
  }
  if (const Duration wait = retry_after(response, now); wait > Duration(0)) {
    error.retry_after = wait;
  }
  return error;
}

Result<AwsCredentials> parse_answer(const HttpResponse& response, const std::string& action) {
  pugi::xml_document document;
  document.load_buffer(response.body.data(), response.body.size());
  const pugi::xml_node found = document.child((action + "Response").c_str())
                                   .child((action + "Result").c_str())
                                   .child("Credentials");
  AwsCredentials credentials{.access_key_id = found.child("AccessKeyId").text().get(),
                             .secret_access_key = found.child("SecretAccessKey").text().get(),
                             .session_token = found.child("SessionToken").text().get()};
  const auto expires_at = parse_time(found.child("Expiration").text().get());
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty() || !expires_at) {
    return fail(Code::unavailable, "the token service answers without credentials");
  }
  credentials.expires_at = *expires_at;
  return credentials;
}

struct Exchange {
  std::string action;
  std::string role_arn;
  HttpRequest request;
};

Result<AwsCredentials> send(const TokenService& service, const Exchange& exchange,
                            const Deadline& deadline) {
  const auto response = service.ports.http.send(exchange.request, deadline);
  if (!response) {
    return fail(with_context(response.error(), "asking for role " + exchange.role_arn));
  }
  if (response->status != 200) {
    return fail(refusal(*response, exchange.role_arn, service.ports.clock.now()));
  }
  return parse_answer(*response, exchange.action);
}

HttpRequest post(std::string url, std::string body) {
  return {.method = "POST",
          .url = std::move(url),
          .headers = {{"content-type", "application/x-www-form-urlencoded"}},
          .body = std::move(body)};
}

}  // namespace

Result<AwsCredentials> assume_role_with_token(const TokenService& service,
                                              const RoleRequest& request, const std::string& token,
                                              const Deadline& deadline) {
  const auto url = service_url(service);
  if (!url) return fail(url.error());
  const std::string action = "AssumeRoleWithWebIdentity";
  Exchange exchange{
      .action = action,
      .role_arn = request.role_arn,
      .request = post(*url, form(action, request) + "&WebIdentityToken=" + to_percent(token))};
  return send(service, exchange, deadline);
}

Result<AwsCredentials> assume_role(const TokenService& service, const RoleRequest& request,
                                   const AwsCredentials& caller, const Deadline& deadline) {
  const auto url = service_url(service);
  if (!url) return fail(url.error());
  Exchange exchange{.action = "AssumeRole",
                    .role_arn = request.role_arn,
                    .request = post(*url, form("AssumeRole", request))};
  HttpRequest& ask = exchange.request;
  Signer signer(service.region.empty() ? "us-east-1" : service.region, "sts");
  const auto added =
      signer.sign({.method = ask.method, .url = ask.url, .headers = ask.headers, .body = ask.body},
                  signing_key(caller), service.ports.clock.now());
  if (!added) return fail(added.error());
  ask.headers.insert(ask.headers.end(), added->begin(), added->end());
  return send(service, exchange, deadline);
}

}  // namespace waybill::aws
