#pragma once

#include <cstddef>
#include <string_view>

namespace waybill {

/// Length in bytes of the valid UTF-8 sequence at the beginning of `text`, which is not empty; 0 if
/// there is none (RFC 3629: no surrogates, nothing overlong).
std::size_t utf8_sequence_length(std::string_view text);

bool is_utf8(std::string_view text);

}  // namespace waybill
