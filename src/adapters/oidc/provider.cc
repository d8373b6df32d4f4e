#include "adapters/oidc/provider.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "adapters/oidc/id_token.h"
#include "base/base64.h"
#include "base/json.h"
#include "base/percent.h"
#include "core/listen_address.h"

namespace waybill::oidc {
namespace {

namespace bj = boost::json;

std::string member_text(const bj::object& object, std::string_view name) {
  const bj::value* value = object.if_contains(bj::string_view(name.data(), name.size()));
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::vector<std::string> member_texts(const bj::object& object, std::string_view name) {
  std::vector<std::string> texts;
  const bj::value* value = object.if_contains(bj::string_view(name.data(), name.size()));
  if (value == nullptr || !value->is_array()) return texts;
  for (const bj::value& text : value->get_array()) {
    if (text.is_string()) texts.emplace_back(text.get_string());
  }
  return texts;
}

bool is_safe(std::string_view url) {
  if (url.starts_with("https://")) return true;
  if (!url.starts_with("http://")) return false;
  url.remove_prefix(7);
  return is_loopback_host(url.substr(0, url.find_first_of("/?#")));
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += (text.empty() ? "" : "&") + name + "=" + to_percent(value);
  }
  return text;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// `error` of an answer, in letters that may stand in a log.
std::string error_in(const bj::object& object) {
  std::string text = member_text(object, "error");
  if (const std::string more = member_text(object, "error_description"); !more.empty()) {
    text += ": " + more;
  }
  std::erase_if(text, [](char c) { return c < ' ' || c > '~'; });
  return text.substr(0, 300);
}

/// The issuer's answer as a JSON object; `unavailable` for anything else.
Result<bj::object> object_of(const HttpResponse& response, const std::string& what) {
  auto value = json::parse(response.body);
  if (value && value->is_object()) return std::move(value->get_object());
  return fail(Code::unavailable,
              what + " answered " + std::to_string(response.status) + " without a JSON object");
}

}  // namespace

Result<Metadata> parse_metadata(std::string_view text, const std::string& issuer) {
  const auto value = json::parse(text);
  if (!value || !value->is_object()) {
    return fail(Code::unavailable, "what " + issuer + " says of itself is no JSON object");
  }
  const bj::object& object = value->get_object();
  if (member_text(object, "issuer") != issuer) {
    return fail(Code::unavailable, issuer + " calls itself \"" + member_text(object, "issuer") +
                                       "\"; both have to be the same, byte for byte");
  }
  Metadata metadata{.authorization_endpoint = member_text(object, "authorization_endpoint"),
                    .token_endpoint = member_text(object, "token_endpoint"),
                    .userinfo_endpoint = member_text(object, "userinfo_endpoint"),
                    .jwks_uri = member_text(object, "jwks_uri")};
  for (const std::string* url :
       {&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri}) {
    if (is_safe(*url)) continue;
    return fail(Code::unavailable, issuer + " names \"" + *url +
                                       "\" where an https address of "
                                       "its own should stand");
  }
  if (!is_safe(metadata.userinfo_endpoint)) metadata.userinfo_endpoint.clear();
  const auto methods = member_texts(object, "token_endpoint_auth_methods_supported");
  metadata.takes_basic =
      methods.empty() || std::ranges::find(methods, "client_secret_basic") != methods.end();
  return metadata;
}

Result<Metadata> OidcProvider::metadata(const Deadline& deadline) {
  {
    const Lock lock(mutex_);
    if (metadata_ && clock_.steady_now() < metadata_until_) return *metadata_;
  }
  std::string base = settings_.issuer;
  if (base.ends_with('/')) base.pop_back();
  const auto response = http_.send({.url = base + "/.well-known/openid-configuration",
                                    .headers = {{"accept", "application/json"}},
                                    .body = {}},
                                   deadline);
  if (!response) return fail(with_context(response.error(), "asking " + settings_.issuer));
  if (response->status != 200) {
    return fail(Code::unavailable, settings_.issuer + " answered " +
                                       std::to_string(response->status) +
                                       " when asked for its configuration");
  }
  auto parsed = parse_metadata(response->body, settings_.issuer);
  if (!parsed) return fail(parsed.error());
  const Lock lock(mutex_);
  metadata_ = *parsed;
  metadata_until_ = clock_.steady_now() + params_.metadata_for;
  return std::move(*parsed);
}

Result<KeySet> OidcProvider::keys(const Metadata& metadata, const Deadline& deadline) {
  {
    const Lock lock(mutex_);
    if (keys_ && clock_.steady_now() < keys_until_) return *keys_;
  }
  return fetch_keys(metadata, deadline);
}

Result<KeySet> OidcProvider::fetch_keys(const Metadata& metadata, const Deadline& deadline) {
  const auto response = http_.send(
      {.url = metadata.jwks_uri, .headers = {{"accept", "application/json"}}, .body = {}},
      deadline);
  if (!response) return fail(with_context(response.error(), "asking for the issuer's keys"));
  if (response->status != 200) {
    return fail(Code::unavailable, "the issuer answered " + std::to_string(response->status) +
                                       " when asked for its keys");
  }
  auto parsed = KeySet::parse(response->body);
  if (!parsed) return fail(parsed.error());
  const Lock lock(mutex_);
  keys_ = *parsed;
  keys_until_ = clock_.steady_now() + params_.keys_for;
  return std::move(*parsed);
}

bool OidcProvider::may_refetch() {
  const Lock lock(mutex_);
  const SteadyTime now = clock_.steady_now();
  if (now < refetch_not_before_) return false;
  refetch_not_before_ = now + params_.refetch_every;
  return true;
}

Result<std::string> OidcProvider::authorization_url(const AuthorizationRequest& request,
                                                    const Deadline& deadline) {
  const auto known = metadata(deadline);
  if (!known) return fail(known.error());
  const std::string& endpoint = known->authorization_endpoint;
  return endpoint + (endpoint.find('?') == endpoint.npos ? "?" : "&") +
         form({{"response_type", "code"},
               {"client_id", settings_.client_id},
               {"redirect_uri", request.redirect_uri},
               {"scope", join(settings_.scopes)},
               {"state", request.state},
               {"nonce", request.nonce},
               {"code_challenge", request.code_challenge},
               {"code_challenge_method", "S256"}});
}

Result<OidcProvider::Tokens> OidcProvider::exchange(const Metadata& metadata,
                                                    const AuthorizationCode& code,
                                                    const Deadline& deadline) {
  std::vector<std::pair<std::string, std::string>> fields = {{"grant_type", "authorization_code"},
                                                             {"code", code.code},
                                                             {"redirect_uri", code.redirect_uri},
                                                             {"code_verifier", code.code_verifier}};
  HttpRequest request{.method = "POST",
                      .url = metadata.token_endpoint,
                      .headers = {{"content-type", "application/x-www-form-urlencoded"},
                                  {"accept", "application/json"}},
                      .body = {},
                      .repeat = Repeat::never};
  if (!secret_.empty() && metadata.takes_basic) {
    const std::string both = to_percent(settings_.client_id) + ":" + to_percent(secret_);
    request.headers.emplace_back("authorization", "Basic " + to_base64(both));
  } else {
    fields.emplace_back("client_id", settings_.client_id);
    if (!secret_.empty()) fields.emplace_back("client_secret", secret_);
  }
  request.body = form(fields);
  const auto response = http_.send(request, deadline);
  if (!response) return fail(with_context(response.error(), "redeeming the code"));
  const auto object = object_of(*response, "the issuer");
  if (!object) return fail(object.error());
  if (response->status != 200) {
    const bool refused = response->status >= 400 && response->status < 500;
    return fail(refused ? Code::unauthenticated : Code::unavailable,
                "the issuer did not redeem the code: " + error_in(*object));
  }
  Tokens tokens{.id_token = member_text(*object, "id_token"),
                .access_token = member_text(*object, "access_token")};
  if (tokens.id_token.empty()) {
    return fail(Code::unauthenticated, "the issuer's answer has no id_token");
  }
  return tokens;
}

Status OidcProvider::verify(const Jws& token, const Metadata& metadata, const Deadline& deadline) {
  auto set = keys(metadata, deadline);
  if (!set) return fail(set.error());
  KeySet::Verdict verdict = set->verify(token);
  if (verdict == KeySet::Verdict::unknown && may_refetch()) {
    set = fetch_keys(metadata, deadline);
    if (!set) return fail(set.error());
    verdict = set->verify(token);
  }
  if (verdict == KeySet::Verdict::good) return {};
  return fail(Code::unauthenticated,
              "the ID token cannot be believed: no key of " + settings_.issuer + " has signed it");
}

Result<std::string> OidcProvider::userinfo(const Metadata& metadata, const Tokens& tokens,
                                           const Deadline& deadline) {
  if (metadata.userinfo_endpoint.empty() || tokens.access_token.empty()) return "{}";
  const auto response = http_.send({.url = metadata.userinfo_endpoint,
                                    .headers = {{"authorization", "Bearer " + tokens.access_token},
                                                {"accept", "application/json"}},
                                    .body = {}},
                                   deadline);
  if (!response) return fail(with_context(response.error(), "asking the issuer about a person"));
  if (response->status != 200) {
    return fail(Code::unavailable, "the issuer answered " + std::to_string(response->status) +
                                       " when asked about a person");
  }
  return response->body;
}

Result<Authenticated> OidcProvider::redeem(const AuthorizationCode& code,
                                           const Deadline& deadline) {
  if (!code.issuer.empty() && code.issuer != settings_.issuer) {
    return fail(Code::unauthenticated, "the answer is of another issuer (iss)");
  }
  const auto known = metadata(deadline);
  if (!known) return fail(known.error());
  const auto tokens = exchange(*known, code, deadline);
  if (!tokens) return fail(tokens.error());
  const auto token = parse_jws(tokens->id_token);
  if (!token) return fail(token.error());
  if (Status good = verify(*token, *known, deadline); !good) return fail(good.error());
  auto parsed = json::parse(token->claims);
  if (!parsed || !parsed->is_object()) {
    return fail(Code::unauthenticated, "the ID token's claims are no JSON object");
  }
  bj::object claims = std::move(parsed->get_object());
  const Status holds = check_id_token(claims, {.issuer = settings_.issuer,
                                               .client_id = settings_.client_id,
                                               .nonce = code.nonce,
                                               .now = clock_.now()});
  if (!holds) return fail(holds.error());
  const bool is_whole = claims.contains("email") && claims.contains(settings_.groups_claim) &&
                        claims.contains(settings_.name_claim);
  if (!is_whole) {
    const auto more = userinfo(*known, *tokens, deadline);
    if (!more) return fail(more.error());
    const auto info = json::parse(*more);
    const bool is_object = info && info->is_object();
    const bool is_same =
        is_object && (info->get_object().empty() ||
                      member_text(info->get_object(), "sub") == member_text(claims, "sub"));
    if (!is_same) return fail(Code::unauthenticated, "the userinfo is about somebody else (sub)");
    // What was signed counts first; an address comes with whether it was verified.
    const bool has_email = claims.contains("email");
    for (const auto& member : info->get_object()) {
      if (has_email && member.key() == "email_verified") continue;
      claims.emplace(member.key(), member.value());
    }
  }
  const bj::value* verified = claims.if_contains("email_verified");
  Authenticated who{.identity = {.provider = settings_.name,
                                 .subject = member_text(claims, "sub"),
                                 .login = member_text(claims, settings_.name_claim),
                                 .email = member_text(claims, "email"),
                                 .email_verified = verified != nullptr && *verified == true,
                                 .groups = member_texts(claims, settings_.groups_claim)},
                    .access_token = {}};
  if (who.identity.login.empty()) {
    return fail(Code::unauthenticated,
                "the issuer does not tell the claim " + settings_.name_claim + " of this person");
  }
  return who;
}

}  // namespace waybill::oidc
