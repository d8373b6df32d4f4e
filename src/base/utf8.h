#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace waybill {

/// Length in bytes of the valid UTF-8 sequence at the beginning of `text`, which is not empty; 0 if
/// there is none (RFC 3629: no surrogates, nothing overlong).
std::size_t utf8_sequence_length(std::string_view text);

bool is_utf8(std::string_view text);

/// The text as it is if it is UTF-8. Else what is not becomes `\xNN` and a backslash two, so that
/// two texts never look the same.
std::string escape_utf8(std::string_view text);

/// The text as it is if it is UTF-8. Else each byte that is not part of a sequence becomes U+FFFD.
std::string mend_utf8(std::string_view text);

/// At most this many bytes from the beginning, never a part of a sequence. The text is UTF-8.
std::string_view utf8_prefix(std::string_view text, std::size_t bytes_max);

}  // namespace waybill
