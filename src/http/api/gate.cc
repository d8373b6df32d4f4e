#include "http/api/gate.h"

#include "base/ascii.h"
#include "core/listen_address.h"

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

}  // namespace

Answer<Principal> who_asks(const ApiGate& gate, const Request& request) {
  if (!gate.asks()) return let_in_unasked(gate, request);
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view header = request.header("authorization");
  const bool bearer = to_lower(header.substr(0, kScheme.size())) == kScheme;
  if (!bearer) {
    Problem problem = problem_of(
        401, header.empty() ? "send a token: `Authorization: Bearer wb_…`; `waybill token create` "
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
