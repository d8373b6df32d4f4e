#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace waybill::http {

/// A header's value without the white space before and after it (RFC 9110, 5.5).
std::string_view without_padding(std::string_view value);

/// Whether a Host header has to be there: from HTTP/1.1 on.
enum class HostRule : std::uint8_t { needed, may_lack };

/// Why a request is refused for its headers, in a sentence; empty: they are fine. Refused is what
/// another reader of the same bytes may read as something else: names and values with characters
/// that none may have (RFC 9112, 5.1; RFC 9110, 5.5), two where only one can be meant, a body of
/// two lengths (RFC 9112, 6.3), no Host or two (RFC 9112, 3.2).
std::string header_fault(const Request& request, HostRule rule);

}  // namespace waybill::http
