#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace waybill::http {

/// Which bytes a request wants of what has so many.
struct ByteRange {
  std::int64_t first = 0;
  std::int64_t size_bytes = 0;
  bool is_whole = true;  ///< it asks for no range, or in a way that may be passed over
};

/// Reads a Range header (RFC 9110, 14.2): one range of bytes. Several of them, other units and what
/// is no range are passed over: the whole is wanted. None: the range lies outside.
std::optional<ByteRange> read_range(std::string_view header, std::int64_t size_bytes);

}  // namespace waybill::http
