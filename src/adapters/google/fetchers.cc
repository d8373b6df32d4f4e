#include "adapters/google/fetchers.h"

#include <algorithm>
#include <utility>

#include "adapters/google/answer.h"
#include "adapters/google/jwt.h"
#include "base/percent.h"

namespace waybill::google {
namespace {

constexpr Duration kMetadataTimeout = std::chrono::seconds(5);
constexpr std::string_view kAccount = "/computeMetadata/v1/instance/service-accounts/default/";

using Form = std::vector<std::pair<std::string_view, std::string>>;

std::string encode(const Form& form) {
  std::string text;
  for (const auto& [name, value] : form) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(to_percent(value));
  }
  return text;
}

std::string join(const Scopes& scopes, char separator) {
  std::string text;
  for (const std::string& scope : scopes) {
    if (!text.empty()) text += separator;
    text += scope;
  }
  return text;
}

/// One exchange at a token endpoint.
struct Grant {
  std::string token_uri;
  std::string who;  // "service account a@p.iam…"
  Form form;
  std::string advice;  // where it is refused
};

/// Whether a server quotes what it was sent, or the beginning of it.
bool quotes_secret(const std::string& message, const Form& form) {
  constexpr std::size_t kBytesMax = 16;
  return std::any_of(form.begin(), form.end(), [&](const auto& field) {
    if (field.first == "grant_type" || field.first == "client_id") return false;
    return message.find(field.second.substr(0, kBytesMax)) != std::string::npos;
  });
}

Result<Token> exchange(const Grant& grant, TokenPorts ports, const Deadline& deadline) {
  const std::string what = "access token of " + grant.who;
  const auto response =
      ports.http.send({.method = "POST",
                       .url = grant.token_uri,
                       .headers = {{"content-type", "application/x-www-form-urlencoded"}},
                       .body = encode(grant.form)},
                      deadline);
  if (!response) return fail(with_context(unfetched(response.error()), what));
  const Time now = ports.clock.now();
  if (response->status == 200) {
    auto token = parse_access_token(response->body, now);
    if (!token) return fail(with_context(token.error(), what));
    return token;
  }
  Error error = refusal(*response, now);
  if (quotes_secret(error.message, grant.form)) {
    error.message = "the server answers " + std::to_string(response->status);
  }
  if (error.code == Code::unauthenticated) error.message += "; " + grant.advice;
  return fail(with_context(std::move(error), what));
}

Result<Token> from_key(const ServiceAccountKey& key, const Scopes& scopes, TokenPorts ports,
                       const Deadline& deadline) {
  auto assertion = signed_assertion(key, join(scopes, ' '), ports.clock.now());
  if (!assertion) return fail(assertion.error());
  return exchange({.token_uri = key.token_uri,
                   .who = "service account " + key.client_email,
                   .form = {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                            {"assertion", *std::move(assertion)}},
                   .advice = "check that its key was not removed, and the clock of this machine"},
                  ports, deadline);
}

Result<Token> from_user(const AuthorizedUser& user, TokenPorts ports, const Deadline& deadline) {
  return exchange({.token_uri = user.token_uri,
                   .who = "the user who logged in with gcloud",
                   .form = {{"grant_type", "refresh_token"},
                            {"client_id", user.client_id},
                            {"client_secret", user.client_secret},
                            {"refresh_token", user.refresh_token}},
                   .advice = "log in again: gcloud auth application-default login"},
                  ports, deadline);
}

std::string metadata_url(std::string host) {
  while (host.ends_with('/')) host.pop_back();
  if (host.empty()) host = "metadata.google.internal";
  return host.starts_with("http://") ? host : "http://" + host;
}

}  // namespace

Result<Token> from_file(const CredentialFile& file, const Scopes& scopes, TokenPorts ports,
                        const Deadline& deadline) {
  if (const auto* key = std::get_if<ServiceAccountKey>(&file)) {
    return from_key(*key, scopes, ports, deadline);
  }
  return from_user(std::get<AuthorizedUser>(file), ports, deadline);
}

MetadataServer::MetadataServer(const Settings& settings, TokenPorts ports)
    : url_(metadata_url(settings.variable("GCE_METADATA_HOST"))),
      is_named_(!settings.variable("GCE_METADATA_HOST").empty()),
      ports_(ports) {}

Result<std::string> MetadataServer::get(const std::string& path, const Deadline& deadline) const {
  const Deadline soon = {.at = std::min(deadline.at, ports_.clock.steady_now() + kMetadataTimeout),
                         .stop = deadline.stop};
  auto response = ports_.http.send(
      {.url = url_ + std::string(kAccount) + path, .headers = {{"metadata-flavor", "Google"}}},
      soon);
  if (!response) {
    // An address that nobody listens at is what machines elsewhere have.
    const Code code = response.error().code;
    const bool is_silent = code == Code::unavailable || code == Code::deadline_exceeded;
    if (is_silent && !is_named_) return fail(Code::not_found, "does not answer");
    Error error = unfetched(response.error());
    if (code == Code::deadline_exceeded) error.code = Code::unavailable;
    return fail(std::move(error));
  }
  if (header(*response, "metadata-flavor") != "Google") {
    return fail(Code::not_found, "what answers there is no metadata server of Google's");
  }
  if (response->status == 200) return std::move(response->body);
  if (response->status == 404) return fail(Code::not_found, "the machine has no service account");
  return fail(refusal(*response, ports_.clock.now()));
}

Result<Token> MetadataServer::access_token(const Scopes& scopes, const Deadline& deadline) const {
  const std::string query = scopes.empty() ? "" : "?scopes=" + to_percent(join(scopes, ','));
  const auto answer = get("token" + query, deadline);
  if (!answer) return fail(answer.error());
  return parse_access_token(*answer, ports_.clock.now());
}

Result<Token> MetadataServer::identity_token(const std::string& audience,
                                             const Deadline& deadline) const {
  auto answer = get("identity?audience=" + to_percent(audience) + "&format=full", deadline);
  if (!answer) return fail(answer.error());
  return parse_identity_token(*std::move(answer));
}

}  // namespace waybill::google
