// People log in and out (docs/reference/login.md).

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/task_json.h"
#include "http/api/gate.h"
#include "http/api/routes.h"
#include "http/cookie.h"
#include "services/audit_writer.h"
#include "services/login_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

constexpr std::string_view kLogin = "login";
constexpr Duration kLoginAge = std::chrono::minutes(10);

CookieOver over_of(const LoginDesk& desk) {
  return desk.settings().is_secure() ? CookieOver::tls : CookieOver::plain;
}

tl::unexpected<Problem> no_login() {
  return refuse(Error{.code = Code::not_found,
                      .message = "nobody logs in at this server: it has no --login"});
}

std::string cookie_header(const LoginDesk& desk, std::string_view name, std::string_view value,
                          Duration age) {
  return set_cookie(cookie_name(name, over_of(desk)), value, age, over_of(desk));
}

/// Sends a browser on.
Response to_place(std::string url) {
  return {.status = 302,
          .body = {},
          .content_type = {},
          .headers = {{"Location", std::move(url)}},
          .stream = nullptr};
}

Answer<Reply> list_providers(const ApiParts& parts) {
  bj::array providers;
  if (parts.logins != nullptr) {
    for (const LoginProvider& provider : parts.logins->settings().providers) {
      const bool is_github = provider.kind == LoginProvider::Kind::github;
      providers.push_back(bj::object{{"name", provider.name},
                                     {"kind", is_github ? "github" : "oidc"},
                                     {"path", "/login/" + provider.name}});
    }
  }
  return json_response(bj::object{{"providers", std::move(providers)}});
}

Answer<Reply> begin(const ApiParts& parts, const Call& call) {
  if (parts.logins == nullptr) return no_login();
  auto begun = parts.logins->begin(call.at("provider"), std::string(call.query.text("return_to")));
  if (!begun) return refuse(begun.error());
  Response response = to_place(std::move(begun->url));
  response.headers.emplace_back("Set-Cookie",
                                cookie_header(*parts.logins, kLogin, begun->slip, kLoginAge));
  return response;
}

/// Logins leave rows in the audit log, also those that came to nothing.
void keep_login(const ApiParts& parts, const Call& call, std::string who, const Problem* problem) {
  if (parts.audit == nullptr) return;
  AuditEntry row{.at = parts.ledger.ledger.now(),
                 .who = who.empty() ? "unknown" : std::move(who),
                 .from = call.request.peer,
                 .operation = "completeLogin",
                 .subject = call.at("provider")};
  if (problem == nullptr) return parts.audit->keep(row);
  const bool refused = problem->status == 401 || problem->status == 403;
  row.outcome = refused ? AuditOutcome::refused : AuditOutcome::failed;
  row.reason = refused ? problem->detail : problem->type;
  parts.audit->keep_soon(std::move(row));
}

Answer<Reply> complete(const ApiParts& parts, const Call& call) {
  if (parts.logins == nullptr) return no_login();
  LoginDesk& desk = *parts.logins;
  std::string who;
  const auto entry =
      desk.complete({.provider = call.at("provider"),
                     .code = std::string(call.query.text("code")),
                     .state = std::string(call.query.text("state")),
                     .issuer = std::string(call.query.text("iss")),
                     .error = std::string(call.query.text("error")),
                     .slip = std::string(cookie(call.request, cookie_name(kLogin, over_of(desk)))),
                     .from = call.request.peer},
                    &who);
  if (!entry) {
    Problem problem = problem_of(entry.error());
    // From a provider that there is not nobody can have come.
    if (problem.status != 404) keep_login(parts, call, std::move(who), &problem);
    return refuse(std::move(problem));
  }
  keep_login(parts, call, std::move(who), nullptr);
  // Whatever session this browser had is not the new one's, and of no more use.
  if (const auto before = session_cookie(&desk, call.request)) {
    if (Status ended = desk.end(*before); !ended) return refuse(ended.error());
  }
  Response response = to_place(entry->return_to);
  response.headers.emplace_back("Set-Cookie", cookie_header(desk, kLogin, "", {}));
  response.headers.emplace_back("Set-Cookie", cookie_header(desk, kSessionCookie, entry->secret,
                                                            desk.settings().session_max));
  return response;
}

Answer<Reply> log_out(const ApiParts& parts, const Call& call) {
  Response response{
      .status = 204, .body = {}, .content_type = {}, .headers = {}, .stream = nullptr};
  const auto secret = session_cookie(parts.logins, call.request);
  if (!secret) return response;  // a token is not ended by those who show it
  if (Status ended = parts.logins->end(*secret); !ended) return refuse(ended.error());
  response.headers.emplace_back("Set-Cookie", cookie_header(*parts.logins, kSessionCookie, "", {}));
  return response;
}

Answer<Reply> who_am_i(const ApiParts& parts, const Call& call) {
  bj::object me = {{"name", call.who.name},
                   {"role", json::text(to_string(call.who.role))},
                   {"came_by", call.who.name.starts_with("token:") ? "token" : "open"},
                   {"provider", nullptr},
                   {"login", nullptr},
                   {"session", nullptr}};
  const auto secret = session_cookie(parts.logins, call.request);
  if (!secret) return json_response(me);
  const auto known = parts.logins->look(*secret, LoginDesk::Counts::as_use, call.request.peer);
  if (!known) return refuse(known.error());
  const SessionRecord& session = known->session;
  const Time ends = std::min(session.ends_at, session.seen_at + parts.logins->settings().idle_max);
  me["came_by"] = "session";
  me["provider"] = known->person.identity.provider;
  me["login"] = json::text(known->person.identity.login);
  me["session"] = bj::object{{"id", session.id},
                             {"created_at", time_to_json(session.created_at)},
                             {"ends_at", time_to_json(ends)}};
  return json_response(me);
}

}  // namespace

void add_login_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listLogins"] = [&parts](const Call&) { return list_providers(parts); };
  handlers["beginLogin"] = [&parts](const Call& call) { return begin(parts, call); };
  handlers["completeLogin"] = [&parts](const Call& call) { return complete(parts, call); };
  handlers["logOut"] = [&parts](const Call& call) { return log_out(parts, call); };
  handlers["getMe"] = [&parts](const Call& call) { return who_am_i(parts, call); };
}

}  // namespace waybill::http
