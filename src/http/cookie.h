#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace waybill::http {

/// The value of the first cookie of this name; empty if there is none.
std::string_view cookie(const Request& request, std::string_view name);

/// Whether browsers reach the server over TLS. If not (on the machine itself, for a try), the
/// cookies have neither Secure nor the prefix __Host-, which browsers take over TLS only.
enum class CookieOver : std::uint8_t { tls, plain };
/// "__Host-waybill-NAME" or "waybill-NAME".
std::string cookie_name(std::string_view name, CookieOver over);
/// A Set-Cookie header's value (RFC 6265): for this host alone, out of scripts' reach, and sent
/// along from other sites' pages only when somebody follows a link. `age` zero: it goes away.
std::string set_cookie(std::string_view full_name, std::string_view value, Duration age,
                       CookieOver over);

}  // namespace waybill::http
