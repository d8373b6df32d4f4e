#include "adapters/yaml/scalar.h"

#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <optional>
#include <system_error>

namespace waybill::yaml {
namespace {

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (text == word) return true;
  }
  return false;
}

bool all_of(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == std::string_view::npos;
}

/// `[-+]? [0-9]+`, `0o [0-7]+` or `0x [0-9a-fA-F]+`.
std::optional<Scalar> read_integer(std::string_view text) {
  int base = 10;
  std::string_view digits = text;
  bool negative = false;
  if (text.starts_with("0o") && all_of(text.substr(2), "01234567")) {
    base = 8;
    digits = text.substr(2);
  } else if (text.starts_with("0x") && all_of(text.substr(2), "0123456789abcdefABCDEF")) {
    base = 16;
    digits = text.substr(2);
  } else {
    negative = text.starts_with('-');
    if (negative || text.starts_with('+')) digits = text.substr(1);
    if (!all_of(digits, "0123456789")) return std::nullopt;
  }
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  const std::uint64_t limit =
      negative ? std::uint64_t{1} << 63 : std::numeric_limits<std::uint64_t>::max();
  if (error != std::errc() || magnitude > limit) {
    return NotInJson{"the number " + std::string(text) + " is too big; quote it if it is text"};
  }
  if (negative) return static_cast<std::int64_t>(-magnitude);
  if (magnitude >> 63 == 0) return static_cast<std::int64_t>(magnitude);
  return magnitude;
}

/// `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`
bool is_float(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t from = i;
    while (i < text.size() && text[i] >= '0' && text[i] <= '9') ++i;
    return i - from;
  };
  const auto accept = [&](std::string_view any) {
    if (i >= text.size() || any.find(text[i]) == std::string_view::npos) return false;
    ++i;
    return true;
  };
  accept("+-");
  const std::size_t whole = digits();
  const std::size_t fraction = accept(".") ? digits() : 0;
  if (whole + fraction == 0) return false;
  if (accept("eE")) {
    accept("+-");
    if (digits() == 0) return false;
  }
  return i == text.size();
}

Scalar read_float(std::string_view text) {
  std::string_view unsigned_text = text;
  if (text.starts_with('+')) unsigned_text.remove_prefix(1);
  double value = 0;
  const auto [end, error] =
      std::from_chars(unsigned_text.data(), unsigned_text.data() + unsigned_text.size(), value);
  if (error != std::errc() || !std::isfinite(value)) {
    return NotInJson{"the number " + std::string(text) +
                     " is out of range; quote it if it is text"};
  }
  return value;
}

}  // namespace

Scalar read_plain_scalar(std::string_view text) {
  if (is_one_of(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(text, {"true", "True", "TRUE"})) return true;
  if (is_one_of(text, {"false", "False", "FALSE"})) return false;
  if (const auto integer = read_integer(text)) return *integer;
  if (is_float(text)) return read_float(text);
  std::string_view word = text;
  if (word.starts_with('-') || word.starts_with('+')) word.remove_prefix(1);
  if (is_one_of(word, {".inf", ".Inf", ".INF"}) || is_one_of(text, {".nan", ".NaN", ".NAN"})) {
    return NotInJson{std::string(text) +
                     " is no number that can be stored; quote it if it is text"};
  }
  return std::string(text);
}

}  // namespace waybill::yaml
