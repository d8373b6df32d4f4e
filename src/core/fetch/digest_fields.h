#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// The SHA-256 in a `Repr-Digest` or `Content-Digest` (`sha-256=:…:`, RFC 9530) or a `Digest`
/// (`SHA-256=…`, RFC 3230), as 64 hexadecimal digits. None where the field has no such digest that
/// can be read; other algorithms are passed over.
std::optional<std::string> sha256_of_field(std::string_view field);

/// The SHA-256 that a file beside another one says (`NAME.sha256`, as sha256sum writes it, or the
/// digits alone), for `name` if it says several. `not_found` if it says none.
Result<std::string> sha256_in_sums(std::string_view text, std::string_view name);

/// Reads what people write for a SHA-256: the digits, `sha256:` or `sha-256=` and the digits, or a
/// multihash in hexadecimal digits (`1220…`). `invalid_argument` for anything else.
Result<std::string> read_sha256(std::string_view text);

/// `Content-Range: bytes 10-19/20`.
struct ContentRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
  std::int64_t total = -1;  ///< -1: not said

  bool operator==(const ContentRange&) const = default;
};
std::optional<ContentRange> parse_content_range(std::string_view field);

}  // namespace waybill
