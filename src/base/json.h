#pragma once

#include <boost/json/fwd.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill::json {

/// Parses one JSON text (RFC 8259), at most 64 levels deep.
/// `invalid_argument` with the byte offset and what was expected, or for a number that no double
/// holds. A whole number that 64 bits do not hold becomes the nearest double: json_numbers.h tells
/// of it.
Result<boost::json::value> parse(std::string_view text);

/// Memory of values that are only read, and let go of together: much quicker than a piece for each.
class Arena {
 public:
  /// Made for about as much text.
  explicit Arena(std::size_t text_bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

 private:
  friend Result<boost::json::value> parse(std::string_view text, Arena& arena);
  struct Memory;
  std::unique_ptr<Memory> memory_;
};
/// The same; the arena outlives the value, and every copy of the value or of a part of it.
Result<boost::json::value> parse(std::string_view text, Arena& arena);

/// Compact text, keys in the order they have.
std::string serialize(const boost::json::value& value);

/// Compact text with object keys sorted by bytes: equal values give equal text.
std::string canonical(const boost::json::value& value);

/// Text as a JSON string; Boost.JSON knows no std::string_view.
boost::json::string text(std::string_view text);
/// The same, or null for an empty text.
boost::json::value text_or_null(std::string_view text);

/// Appends `text` as a JSON string literal with quotes; invalid UTF-8 becomes U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace waybill::json
