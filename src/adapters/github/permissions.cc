#include "adapters/github/permissions.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "adapters/github/login.h"
#include "base/json.h"
#include "base/percent.h"

namespace waybill::github {
namespace {

namespace bj = boost::json;

constexpr Duration kRetryMin = std::chrono::seconds(5);
constexpr Duration kRetryMax = std::chrono::minutes(15);

/// The newer field first: it alone tells maintain from write and triage from read.
std::optional<RepositoryRole> role_in(const bj::object& object) {
  for (const char* name : {"role_name", "permission"}) {
    const bj::value* value = object.if_contains(name);
    if (value == nullptr || !value->is_string()) continue;
    const auto role = parse_repository_role(std::string_view(value->get_string()));
    if (role) return role;  // an organisation's own role is told by `permission` alone
  }
  return std::nullopt;
}

/// A login that was given up may be another's by now.
bool is_about(const bj::object& object, const std::string& subject) {
  const bj::value* user = object.if_contains("user");
  const bj::value* id =
      user != nullptr && user->is_object() ? user->get_object().if_contains("id") : nullptr;
  return id == nullptr || !id->is_int64() || std::to_string(id->get_int64()) == subject;
}

/// How long GitHub wants to be left alone; none: it is no rate limit that stands in the way
/// (docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
std::optional<Duration> limited_for(const HttpResponse& response, Time now) {
  if (response.status != 403 && response.status != 429) return std::nullopt;
  // It says 403 where others say 429.
  const HttpResponse limited{.status = 429, .headers = response.headers, .body = {}};
  if (const Duration asked = retry_after(limited, now); asked > Duration::zero()) return asked;
  const bool used_up = header(response, "x-ratelimit-remaining") == "0";
  if (!used_up) return response.status == 429 ? std::optional<Duration>(kRetryMin) : std::nullopt;
  const std::string_view reset = header(response, "x-ratelimit-reset");
  std::int64_t seconds = 0;
  std::from_chars(reset.data(), reset.data() + reset.size(), seconds);
  const std::int64_t now_seconds = to_micros(now) / 1'000'000;
  return std::chrono::seconds(std::clamp<std::int64_t>(seconds - now_seconds, 0, 86'400));
}

/// What a repository says of whose token asks; none: it does not say. An organisation's own role is
/// told as the one it is based on.
std::optional<RepositoryRole> own_role_in(const bj::object& object) {
  const bj::value* value = object.if_contains("permissions");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  constexpr std::array<std::pair<const char*, RepositoryRole>, 5> kHighestFirst = {
      {{"admin", RepositoryRole::admin},
       {"maintain", RepositoryRole::maintain},
       {"push", RepositoryRole::write},
       {"triage", RepositoryRole::triage},
       {"pull", RepositoryRole::read}}};
  for (const auto& [name, role] : kHighestFirst) {
    const bj::value* has = value->get_object().if_contains(name);
    if (has != nullptr && has->is_bool() && has->get_bool()) return role;
  }
  return RepositoryRole::none;
}

Result<bj::object> answered(const HttpResponse& response) {
  auto parsed = json::parse(response.body);
  if (response.status == 200 && parsed && parsed->is_object()) {
    return std::move(parsed->get_object());
  }
  return fail(Code::unavailable, "GitHub answered " + std::to_string(response.status));
}

}  // namespace

Result<HttpResponse> GithubPermissions::get(const std::string& path, const std::string& token,
                                            const Deadline& deadline) {
  auto response = http_.send(
      {.url = params_.api_url + path, .headers = api_headers(token), .body = {}}, deadline);
  if (!response) return fail(with_context(response.error(), "asking GitHub"));
  if (const auto wait = limited_for(*response, clock_.now())) {
    return fail(Error{.code = Code::unavailable,
                      .message = "GitHub's rate limit is used up",
                      .retry_after = std::clamp(*wait, kRetryMin, kRetryMax)});
  }
  return response;
}

Result<RepositoryRole> GithubPermissions::ask(const Question& question, const Deadline& deadline) {
  if (!params_.server_token.empty()) return ask_as_server(question, deadline);
  if (question.token.empty()) {
    return fail(Code::unauthenticated,
                "there is no token to ask GitHub with: " + question.login + " has to log in again");
  }
  return ask_as_person(question, deadline);
}

/// Readers may not ask for permissions, theirs neither; but each repository that a token can see
/// says what it lets its owner do.
Result<RepositoryRole> GithubPermissions::ask_as_person(const Question& question,
                                                        const Deadline& deadline) {
  const auto response =
      get("/repos/" + to_percent(question.repository, "/"), question.token, deadline);
  if (!response) return fail(response.error());
  if (response->status == 401) {
    return fail(Code::unauthenticated, "GitHub does not take the token any more: " +
                                           question.login + " has to log in again");
  }
  // It may be private, and the token without the scope for it or an organisation's consent.
  if (response->status == 404 || response->status == 403) {
    return fail(Code::unavailable,
                "GitHub does not show " + question.repository + " to the token of " +
                    question.login +
                    ": it is not there, or the login lacks a scope (private repositories want "
                    "`repo`), the organisation's consent, or any right on it");
  }
  const auto object = answered(*response);
  if (!object) return fail(object.error());
  const auto role = own_role_in(*object);
  if (role) return *role;
  return fail(Code::unavailable, "GitHub does not say what the token of " + question.login +
                                     " may do on " + question.repository);
}

Result<RepositoryRole> GithubPermissions::ask_as_server(const Question& question,
                                                        const Deadline& deadline) {
  const std::string repository = "/repos/" + to_percent(question.repository, "/");
  const auto response =
      get(repository + "/collaborators/" + to_percent(question.login) + "/permission",
          params_.server_token, deadline);
  if (!response) return fail(response.error());
  if (response->status == 401) {
    return fail(Code::unavailable,
                "GitHub does not take the token of api_token_file any more: put another there");
  }
  // Something is wrong with the token then, or with the way to GitHub: that says nothing about the
  // person.
  if (response->status == 403) return fail(may_not_ask(question));
  if (response->status == 404) return ask_whether_it_is_there(question, deadline);
  const auto object = answered(*response);
  if (!object) return fail(object.error());
  if (!is_about(*object, question.subject)) return RepositoryRole::none;
  const auto role = role_in(*object);
  if (role) return *role;
  return fail(Code::unavailable,
              "GitHub does not say what " + question.login + " may do on " + question.repository);
}

/// After a 404: no repository that the token can see, or no such account any more. It is known
/// which, where the token has the right to ask.
Result<RepositoryRole> GithubPermissions::ask_whether_it_is_there(const Question& question,
                                                                  const Deadline& deadline) {
  const auto response =
      get("/repos/" + to_percent(question.repository, "/"), params_.server_token, deadline);
  if (!response) return fail(response.error());
  if (response->status == 404 || response->status == 403) return fail(may_not_ask(question));
  const auto object = answered(*response);
  if (!object) return fail(object.error());
  const auto own = own_role_in(*object);
  if (own && *own >= RepositoryRole::write) return RepositoryRole::none;
  return fail(may_not_ask(question));
}

Error GithubPermissions::may_not_ask(const Question& question) {
  return {.code = Code::unavailable,
          .message = "GitHub does not let the token of api_token_file ask about " +
                     question.repository +
                     ": it is not there, or the token lacks the right to "
                     "write to it"};
}

}  // namespace waybill::github
