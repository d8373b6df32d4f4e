#include "adapters/github/permissions.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

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

}  // namespace

Result<RepositoryRole> GithubPermissions::ask(const Question& question, const Deadline& deadline) {
  const std::string& token = params_.server_token.empty() ? question.token : params_.server_token;
  if (token.empty()) {
    return fail(Code::unauthenticated,
                "there is no token to ask GitHub with: " + question.login + " has to log in again");
  }
  const auto response =
      http_.send({.url = params_.api_url + "/repos/" + to_percent(question.repository, "/") +
                         "/collaborators/" + to_percent(question.login) + "/permission",
                  .headers = api_headers(token),
                  .body = {}},
                 deadline);
  if (!response) return fail(with_context(response.error(), "asking GitHub"));
  if (const auto wait = limited_for(*response, clock_.now())) {
    return fail(Error{.code = Code::unavailable,
                      .message = "GitHub's rate limit is used up",
                      .retry_after = std::clamp(*wait, kRetryMin, kRetryMax)});
  }
  // To a reader's own token it says 403. The server's token may ask about everybody: then something
  // is wrong with it, or with the way to GitHub, and says nothing about the person.
  if (response->status == 403 && !params_.server_token.empty()) {
    return fail(Code::unavailable,
                "GitHub does not let the token of api_token_file ask about " + question.repository);
  }
  if (response->status == 404 || response->status == 403) return RepositoryRole::none;
  if (response->status == 401) {
    return fail(Code::unauthenticated, "GitHub does not take the token any more: " +
                                           question.login + " has to log in again");
  }
  const auto parsed = json::parse(response->body);
  const bool is_object = response->status == 200 && parsed && parsed->is_object();
  if (is_object && !is_about(parsed->get_object(), question.subject)) return RepositoryRole::none;
  const auto role = is_object ? role_in(parsed->get_object()) : std::nullopt;
  if (role) return *role;
  return fail(Code::unavailable, "GitHub answered " + std::to_string(response->status));
}

}  // namespace waybill::github
