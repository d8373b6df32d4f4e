#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace waybill {

/// Percent-encoding (RFC 3986, 2.1): every byte but letters, digits, `-._~` and those of `keep`
/// becomes %XX, in capitals.
std::string to_percent(std::string_view bytes, std::string_view keep = {});
/// None where a % is not followed by two hexadecimal digits. A plus stays a plus.
std::optional<std::string> from_percent(std::string_view text);

}  // namespace waybill
