#include "http/api/gate.h"

#include "base/ascii.h"
#include "core/listen_address.h"
#include "http/cookie.h"
#include "http/header_rules.h"

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

/// Of somebody who is slowed a session that cannot be is not looked for: a read of the ledger for
/// each wrong cookie is what they might be after.
Answer<Principal> by_session(const ApiGate& gate, std::string_view secret, const Request& request,
                             LoginDesk::Counts counts) {
  LoginDesk& logins = *gate.logins;
  const bool is_slowed = gate.wrong_tokens != nullptr && gate.wrong_tokens->is_slowed(request.peer);
  if (auto own = check_page(logins, request); !own) return refuse(std::move(own.error()));
  auto known = !is_slowed || logins.may_be(secret)
                   ? logins.look(secret, counts, request.peer)
                   : Result<LoginDesk::Known>(fail(Code::unauthenticated, "no such session"));
  if (known) return std::move(known->who);
  Problem problem = problem_of(known.error());
  if (problem.status == 401) problem.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refuse(std::move(problem));
}

Answer<Principal> by_token(const ApiGate& gate, std::string_view token) {
  auto principal = gate.authenticate(token);
  if (principal) return std::move(*principal);
  Problem problem = problem_of(principal.error());
  if (problem.status == 401) {
    problem.headers.emplace_back("WWW-Authenticate", "Bearer error=\"invalid_token\"");
  }
  return refuse(std::move(problem));
}

tl::unexpected<Problem> ask_for_token(const ApiGate& gate, std::string_view header) {
  Problem problem = problem_of(
      401, header.empty() && gate.logins != nullptr
               ? "log in (GET /v1/login says where), or send a token: `Authorization: Bearer "
                 "wb_…`"
           : header.empty() ? "send a token: `Authorization: Bearer wb_…`; `waybill token create` "
                              "makes one"
                            : "the Authorization header has to be `Bearer wb_…`");
  problem.headers.emplace_back("WWW-Authenticate", "Bearer");
  return refuse(std::move(problem));
}

/// The bearer token (RFC 6750, 2.1) of a request; none: its Authorization header is none.
std::optional<std::string_view> bearer_token(const Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = request.header("authorization");
  if (to_lower(header.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  return without_padding(header.substr(kScheme.size()));
}

Answer<Principal> by_secret(const ApiGate& gate, const Request& request, LoginDesk::Counts counts) {
  if (const auto secret = session_cookie(gate.logins, request)) {
    return by_session(gate, *secret, request, counts);
  }
  if (const auto token = bearer_token(request)) return by_token(gate, *token);
  return ask_for_token(gate, request.header("authorization"));
}

/// Of somebody who was asked for no secret yet it is no fault that nobody can say whether one is
/// needed.
Answer<bool> whether_asks(const ApiGate& gate) {
  const auto asks = gate.asks();
  if (asks) return *asks;
  return refuse(Error{.code = Code::unavailable, .message = asks.error().message});
}

/// What somebody gets whose secret does not let them in. It was looked at all the same: who shares
/// an address with others must not keep them out.
tl::unexpected<Problem> tell_or_slow(const ApiGate& gate, const Request& request, Problem problem) {
  const bool is_wrong =
      problem.status == 401 && (session_cookie(gate.logins, request) || bearer_token(request));
  const auto wait = is_wrong && gate.wrong_tokens != nullptr ? gate.wrong_tokens->note(request.peer)
                                                             : std::nullopt;
  if (!wait) return refuse(std::move(problem));
  return refuse(too_soon("too-many-wrong-tokens",
                         "one wrong token after another came from this address, and this one is "
                         "wrong too; make sure of the token, and come back when Retry-After says",
                         *wait));
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
  const auto asks = whether_asks(gate);
  if (!asks) return refuse(asks.error());
  if (!*asks) return let_in_unasked(gate, request);
  auto who = by_secret(gate, request, LoginDesk::Counts::as_use);
  if (!who) return tell_or_slow(gate, request, std::move(who.error()));
  if (gate.limits == nullptr || request.counted) return who;
  const auto wait = gate.limits->take(who->name, who->rate_limit);
  if (!wait) return who;
  return refuse(too_soon("too-many-requests",
                         who->name + " sends more requests than this server's rate_limit lets "
                                     "through; come back when Retry-After says",
                         *wait));
}

Answer<Principal> who_still_asks(const ApiGate& gate, const Request& request) {
  const auto asks = whether_asks(gate);
  if (!asks) return refuse(asks.error());
  if (!*asks) return let_in_unasked(gate, request);
  return by_secret(gate, request, LoginDesk::Counts::as_nothing);
}

}  // namespace waybill::http
