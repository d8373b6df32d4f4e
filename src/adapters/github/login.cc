#include "adapters/github/login.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "base/percent.h"

namespace waybill::github {
namespace {

namespace bj = boost::json;

std::string text_in(const bj::object& object, const char* name) {
  const bj::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : "";
}

std::string form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string text;
  for (const auto& [name, value] : fields) {
    text += (text.empty() ? "" : "&") + name + "=" + to_percent(value);
  }
  return text;
}

Result<bj::object> object_of(const HttpResponse& response) {
  auto value = json::parse(response.body);
  if (response.status == 200 && value && value->is_object()) return std::move(value->get_object());
  return fail(response.status == 401 ? Code::unauthenticated : Code::unavailable,
              "GitHub answered " + std::to_string(response.status));
}

}  // namespace

HttpHeaders api_headers(const std::string& token) {
  return {{"authorization", "Bearer " + token},
          {"accept", "application/vnd.github+json"},
          {"x-github-api-version", "2022-11-28"}};
}

Result<std::string> GithubLogin::authorization_url(const AuthorizationRequest& request,
                                                   const Deadline& /*deadline*/) {
  std::string scopes;
  for (const std::string& scope : settings_.scopes) scopes += (scopes.empty() ? "" : " ") + scope;
  return settings_.web_url + "/login/oauth/authorize?" +
         form({{"client_id", settings_.client_id},
               {"redirect_uri", request.redirect_uri},
               {"scope", scopes},
               {"state", request.state},
               {"code_challenge", request.code_challenge},
               {"code_challenge_method", "S256"}});
}

/// GitHub says 200 also where it refuses: what counts is whether there is a token.
Result<std::string> GithubLogin::exchange(const AuthorizationCode& code, const Deadline& deadline) {
  const auto response =
      http_.send({.method = "POST",
                  .url = settings_.web_url + "/login/oauth/access_token",
                  .headers = {{"content-type", "application/x-www-form-urlencoded"},
                              {"accept", "application/json"}},
                  .body = form({{"client_id", settings_.client_id},
                                {"client_secret", secret_},
                                {"code", code.code},
                                {"redirect_uri", code.redirect_uri},
                                {"code_verifier", code.code_verifier}}),
                  .repeat = Repeat::never},
                 deadline);
  if (!response) return fail(with_context(response.error(), "redeeming the code at GitHub"));
  const auto object = object_of(*response);
  if (!object) return fail(with_context(object.error(), "redeeming the code at GitHub"));
  std::string token = text_in(*object, "access_token");
  if (!token.empty()) return token;
  std::string error = text_in(*object, "error");
  std::erase_if(error, [](char c) { return c < ' ' || c > '~'; });
  return fail(Code::unauthenticated, "GitHub did not redeem the code: " + error.substr(0, 100));
}

Result<Authenticated> GithubLogin::redeem(const AuthorizationCode& code, const Deadline& deadline) {
  auto token = exchange(code, deadline);
  if (!token) return fail(token.error());
  const auto response = http_.send(
      {.url = settings_.api_url + "/user", .headers = api_headers(*token), .body = {}}, deadline);
  if (!response) return fail(with_context(response.error(), "asking GitHub who that is"));
  const auto user = object_of(*response);
  if (!user) return fail(with_context(user.error(), "asking GitHub who that is"));
  const bj::value* id = user->if_contains("id");
  const std::string login = text_in(*user, "login");
  if (id == nullptr || !id->is_int64() || login.empty()) {
    return fail(Code::unavailable, "GitHub does not say who that is");
  }
  return Authenticated{.identity = {.provider = settings_.name,
                                    .subject = std::to_string(id->get_int64()),
                                    .login = login},
                       .access_token = std::move(*token)};
}

}  // namespace waybill::github
