#include "http/range.h"

#include <algorithm>
#include <charconv>

#include "base/ascii.h"

namespace waybill::http {
namespace {

/// The number that is all of a text; none: it is none, or more than 63 bits hold.
std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t number = 0;
  if (text.empty() || !std::ranges::all_of(text, is_digit)) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

std::optional<ByteRange> last_bytes(std::int64_t count, std::int64_t size_bytes) {
  if (count == 0 || size_bytes == 0) return std::nullopt;
  const std::int64_t size = std::min(count, size_bytes);
  return ByteRange{.first = size_bytes - size, .size_bytes = size, .is_whole = false};
}

}  // namespace

std::optional<ByteRange> read_range(std::string_view header, std::int64_t size_bytes) {
  constexpr std::string_view kUnit = "bytes=";
  const ByteRange whole{.first = 0, .size_bytes = size_bytes, .is_whole = true};
  if (to_lower(header.substr(0, kUnit.size())) != kUnit) return whole;
  const std::string_view range = header.substr(kUnit.size());
  const std::size_t dash = range.find('-');
  if (dash == range.npos) return whole;
  const auto from = number_of(range.substr(0, dash));
  const auto until = number_of(range.substr(dash + 1));
  const bool has_from = dash > 0;
  const bool has_until = dash + 1 < range.size();
  if ((has_from && !from) || (has_until && !until) || (!has_from && !has_until)) return whole;
  if (!has_from) return last_bytes(*until, size_bytes);
  if (has_until && *until < *from) return whole;
  if (*from >= size_bytes) return std::nullopt;
  const std::int64_t last = has_until ? std::min(*until, size_bytes - 1) : size_bytes - 1;
  return ByteRange{.first = *from, .size_bytes = last - *from + 1, .is_whole = false};
}

}  // namespace waybill::http
