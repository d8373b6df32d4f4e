#pragma once

#include <optional>
#include <string_view>

#include "http/answer.h"
#include "http/api/api.h"

namespace waybill::http {

inline constexpr std::string_view kSessionCookie = "session";

/// The secret of the session that a request comes with; none for one with an Authorization header,
/// which counts alone, and where nobody logs in.
std::optional<std::string_view> session_cookie(const LoginDesk* logins, const Request& request);

/// Who asks, by the bearer token (RFC 6750, 2.1), or else by the session's cookie: then what
/// changes anything has to come from a page of this server itself, as Origin and Sec-Fetch-Site
/// say. Where nobody is asked, only requests that no web
/// page of somebody else can have sent are let in: those to an address of this machine, and
/// without a foreign Origin.
/// A secret that is wrong is `too-many-wrong-tokens` from an address that has sent many; one that
/// is right is not, wherever it comes from, but may be `too-many-requests`.
Answer<Principal> who_asks(const ApiGate& gate, const Request& request);

/// The same of a request that was let in before, for what it has opened: it counts as nothing, nor
/// as the use of a session.
Answer<Principal> who_still_asks(const ApiGate& gate, const Request& request);

}  // namespace waybill::http
