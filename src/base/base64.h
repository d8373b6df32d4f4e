#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Base64 with padding (RFC 4648, 4).
std::string to_base64(std::string_view bytes);
/// Strict: padded, no white space, no bits left over. None for anything else.
std::optional<std::string> from_base64(std::string_view text);

/// The alphabet for URLs and file names, without padding (RFC 4648, 5).
std::string to_base64url(std::string_view bytes);
/// Strict: not padded, no white space, no bits left over. None for anything else.
std::optional<std::string> from_base64url(std::string_view text);

}  // namespace waybill
