#include "adapters/aws/fetchers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::aws {
namespace {

constexpr Duration kMetadataTimeout = std::chrono::seconds(2);
constexpr std::string_view kContainerHost = "http://169.254.170.2";

std::string text_of(const boost::json::object& object, std::string_view name) {
  const boost::json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// AccessKeyId, SecretAccessKey, Token, Expiration: as both metadata services write them.
Result<AwsCredentials> parse_credentials(std::string_view text, const std::string& place) {
  const auto json = json::parse(text);
  if (!json || !json->is_object()) {
    return fail(Code::unavailable, place + " answers with something that is no JSON object");
  }
  const boost::json::object& object = json->as_object();
  AwsCredentials credentials{.access_key_id = text_of(object, "AccessKeyId"),
                             .secret_access_key = text_of(object, "SecretAccessKey"),
                             .session_token = text_of(object, "Token")};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return fail(Code::unavailable, place + " answers without keys");
  }
  const std::string expiration = text_of(object, "Expiration");
  if (!expiration.empty()) {
    const auto expires_at = parse_time(expiration);
    if (!expires_at) return fail(Code::unavailable, place + " answers with an odd expiration");
    credentials.expires_at = *expires_at;
  }
  return credentials;
}

/// A loopback address or one of the agents of ECS and EKS: nobody else may be told a token in the
/// clear.
bool is_trusted_without_tls(std::string_view url) {
  url.remove_prefix(std::string_view("http://").size());
  std::string_view host = url.substr(0, url.find_first_of("/?#"));
  if (host.find('@') != std::string_view::npos) return false;
  if (host.starts_with('[')) {
    host = host.substr(1, host.find(']') - 1);
  } else {
    host = host.substr(0, host.find(':'));
  }
  constexpr std::string_view kTrusted[] = {"localhost",     "127.0.0.1",      "::1",
                                           "169.254.170.2", "169.254.170.23", "fd00:ec2::23"};
  return std::find(std::begin(kTrusted), std::end(kTrusted), host) != std::end(kTrusted);
}

Result<std::string> container_url(const Settings& settings) {
  const std::string relative = settings.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  if (!relative.empty()) return std::string(kContainerHost) + relative;
  const std::string full = settings.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (full.empty()) {
    return fail(Code::not_found,
                "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI are not set");
  }
  const bool is_plain = full.starts_with("http://");
  if (full.starts_with("https://") || (is_plain && is_trusted_without_tls(full))) return full;
  return fail(Code::unauthenticated,
              "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor the address of this machine "
              "or of an agent of ECS or EKS");
}

Result<std::string> container_authorization(const Settings& settings) {
  const std::string path = settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  if (path.empty()) return settings.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  auto token = settings.read_file()(path);
  if (!token) {
    return fail(Code::unauthenticated,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: " + token.error().message);
  }
  while (!token->empty() && (token->back() == '\n' || token->back() == '\r')) token->pop_back();
  if (token->find_first_of("\r\n") != std::string::npos) {
    return fail(Code::unauthenticated,
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE has more than one line");
  }
  return token;
}

Deadline metadata_deadline(const CredentialPorts& ports, const Deadline& deadline) {
  return {.at = std::min(deadline.at, ports.clock.steady_now() + kMetadataTimeout),
          .stop = deadline.stop};
}

/// An address that nobody listens at is what machines elsewhere have.
Error instance_error(const Error& error) {
  if (error.code == Code::cancelled) return error;
  return {.code = Code::not_found, .message = "the metadata service does not answer"};
}

}  // namespace

Result<AwsCredentials> from_environment(const Settings& settings) {
  AwsCredentials credentials{.access_key_id = settings.variable("AWS_ACCESS_KEY_ID"),
                             .secret_access_key = settings.variable("AWS_SECRET_ACCESS_KEY"),
                             .session_token = settings.variable("AWS_SESSION_TOKEN")};
  if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
    return credentials;
  }
  return fail(Code::not_found, "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set");
}

Result<AwsCredentials> from_profile(const Settings& settings, const std::string& profile) {
  AwsCredentials credentials{
      .access_key_id = settings.setting(profile, "aws_access_key_id"),
      .secret_access_key = settings.setting(profile, "aws_secret_access_key"),
      .session_token = settings.setting(profile, "aws_session_token")};
  if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty()) {
    return credentials;
  }
  return fail(Code::not_found, "profile " + profile + " has no keys in " +
                                   settings.credentials_path() + " or " + settings.config_path());
}

Result<AwsCredentials> from_container(const Settings& settings, const CredentialPorts& ports,
                                      const Deadline& deadline) {
  const auto url = container_url(settings);
  if (!url) return fail(url.error());
  const auto authorization = container_authorization(settings);
  if (!authorization) return fail(authorization.error());
  HttpRequest request{.url = *url, .headers = {{"accept", "application/json"}}};
  if (!authorization->empty()) request.headers.emplace_back("authorization", *authorization);
  const auto response = ports.http.send(request, metadata_deadline(ports, deadline));
  if (!response) return fail(with_context(response.error(), "the container's credentials"));
  if (response->status != 200) {
    const bool is_refusal = response->status >= 400 && response->status < 500;
    return fail(is_refusal ? Code::unauthenticated : Code::unavailable,
                "the container's agent answers " + std::to_string(response->status));
  }
  return parse_credentials(response->body, "the container's agent");
}

Result<AwsCredentials> from_instance(const Settings& settings, const CredentialPorts& ports,
                                     const Deadline& deadline) {
  if (settings.variable("AWS_EC2_METADATA_DISABLED") == "true") {
    return fail(Code::not_found, "AWS_EC2_METADATA_DISABLED is true");
  }
  std::string base = settings.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT");
  if (base.empty()) base = "http://169.254.169.254";
  while (base.ends_with('/')) base.pop_back();
  const HttpRequest ask{.method = "PUT",
                        .url = base + "/latest/api/token",
                        .headers = {{"x-aws-ec2-metadata-token-ttl-seconds", "21600"}}};
  const auto token = ports.http.send(ask, metadata_deadline(ports, deadline));
  if (!token) return fail(instance_error(token.error()));
  if (token->status != 200) {
    return fail(Code::not_found, "the metadata service answers " + std::to_string(token->status));
  }
  HttpRequest request{.url = base + "/latest/meta-data/iam/security-credentials/",
                      .headers = {{"x-aws-ec2-metadata-token", token->body}}};
  const auto role = ports.http.send(request, metadata_deadline(ports, deadline));
  if (!role) return fail(with_context(role.error(), "the machine's role"));
  if (role->status == 404 || (role->status == 200 && role->body.empty())) {
    return fail(Code::not_found, "the machine has no role");
  }
  if (role->status != 200) {
    return fail(Code::unavailable,
                "the metadata service answers " + std::to_string(role->status) + " for the role");
  }
  request.url += role->body.substr(0, role->body.find_first_of("\r\n"));
  const auto response = ports.http.send(request, metadata_deadline(ports, deadline));
  if (!response) return fail(with_context(response.error(), "the machine's credentials"));
  if (response->status != 200) {
    return fail(Code::unavailable,
                "the metadata service answers " + std::to_string(response->status));
  }
  return parse_credentials(response->body, "the metadata service");
}

}  // namespace waybill::aws
