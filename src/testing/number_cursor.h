#pragma once

#include <charconv>
#include <cstdint>
#include <string>

#include "base/result.h"

namespace waybill {

/// Reads a cursor that is a plain number, as the fakes give them; `invalid_argument` otherwise.
inline Result<std::int64_t> parse_number_cursor(const std::string& cursor) {
  std::int64_t number = 0;
  const char* end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, number);
  if (error == std::errc{} && stop == end && number >= 0) return number;
  return fail(Code::invalid_argument,
              "not a cursor that was given here: '" + cursor + "'; begin again without one");
}

}  // namespace waybill
