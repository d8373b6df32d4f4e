#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace waybill {

/// A value as programs percent-encode it, each form once: with what RFC 3986 leaves as it is, or
/// also a slash (Python's `quote`), or what ECMAScript's encodeURIComponent and encodeURI leave, or
/// as forms have it; a blank as `%20` or `+`; digits in capitals or not.
std::vector<std::string> percent_forms(std::string_view value);

/// A value as it stands in a JSON string, each form once: with characters beyond ASCII as they are
/// or escaped, with slashes escaped or not. Escapes have small digits. Of what is not UTF-8, only
/// the first.
std::vector<std::string> json_forms(std::string_view value);

}  // namespace waybill
