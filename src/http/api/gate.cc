#include "http/api/gate.h"

#include "base/ascii.h"
#include "core/listen_address.h"
#include "http/cookie.h"

namespace waybill::http {
namespace {

Answer<Principal> let_in_unasked(const ApiGate& gate, const Request& request) {
  const std::string_view host = request.header("host");
  if (!gate.any_host && !is_loopback_host(host)) {
    return refuse(problem_of(421,
                             "this server asks nobody who they are, and so answers only to "
                             "the addresses of its own machine; not to \"" +
                                 std::string(host) + "\""));
  }
  const std::string_view origin = request.header("origin");
  if (!origin.empty()) {
    const std::size_t scheme = origin.find("://");
    const bool own = scheme != origin.npos && origin.substr(scheme + 3) == host;
    if (!own) {
      return refuse(problem_of(403, "a web page of " + std::string(origin) +
                                        " may not use a server that asks nobody who they are"));
    }
  }
  return gate.nobody_asked;
}

/// Browsers send cookies along with what pages of others ask for. SameSite keeps most of that out;
/// what changes anything has to say that it comes from our own.
Answer<void> check_page(const LoginDesk& logins, const Request& request) {
  if (request.method == "GET" || request.method == "HEAD") return {};
  const std::string_view origin = request.header("origin");
  const std::string_view site = request.header("sec-fetch-site");
  const bool is_own_origin = origin.empty() || origin == logins.settings().base_url;
  const bool is_own_site = site.empty() || site == "same-origin";
  if (is_own_origin && is_own_site && !(origin.empty() && site.empty())) return {};
  return refuse(problem_of(403, "with a session's cookie only pages of " +
                                    logins.settings().base_url +
                                    " change anything; programs show a token"));
}

Answer<Principal> by_session(LoginDesk& logins, std::string_view secret, const Request& request) {
  if (auto own = check_page(logins, request); !own) return refuse(std::move(own.error()));
  auto known = logins.look(secret);
  if (known) return std::move(known->who);
  Problem problem = problem_of(known.error());
  if (problem.status == 401) problem.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refuse(std::move(problem));
}

}  // namespace

std::optional<std::string_view> session_cookie(const LoginDesk* logins, const Request& request) {
  if (logins == nullptr || request.has_header("authorization")) return std::nullopt;
  const auto over = logins->settings().is_secure() ? CookieOver::tls : CookieOver::plain;
  const std::string_view secret = cookie(request, cookie_name(kSessionCookie, over));
  if (secret.empty()) return std::nullopt;
  return secret;
}

Answer<Principal> who_asks(const ApiGate& gate, const Request& request) {
  if (!gate.asks()) return let_in_unasked(gate, request);
  if (const auto secret = session_cookie(gate.logins, request)) {
    return by_session(*gate.logins, *secret, request);
  }
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = request.header("authorization");
  const bool bearer = to_lower(header.substr(0, kScheme.size())) == kScheme;
  if (!bearer) {
    Problem problem = problem_of(
        401, header.empty() && gate.logins != nullptr
                 ? "log in (GET /v1/login says where), or send a token: `Authorization: Bearer "
                   "wb_…`"
             : header.empty()
                 ? "send a token: `Authorization: Bearer wb_…`; `waybill token create` "
                   "makes one"
                 : "the Authorization header has to be `Bearer wb_…`");
    problem.headers.emplace_back("WWW-Authenticate", "Bearer");
    return refuse(std::move(problem));
  }
  auto principal = gate.authenticate(header.substr(kScheme.size()));
  if (principal) return std::move(*principal);
  Problem problem = problem_of(principal.error());
  if (problem.status == 401) {
    problem.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  }
  return refuse(std::move(problem));
}

}  // namespace waybill::http
