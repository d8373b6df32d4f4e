#include "base/json_numbers.h"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <cstdint>

namespace waybill::json {
namespace bj = boost::json;
namespace {

/// 2^63: below, every whole number is an integer.
constexpr double kIntegersEnd = 9'223'372'036'854'775'808.0;
constexpr std::string_view kOfNumbers = "0123456789+-.eE";
constexpr std::size_t kDigitsTold = 40;

bool has_large_double(const bj::value& value) {
  if (const auto* number = value.if_double()) {
    return *number >= kIntegersEnd || *number <= -kIntegersEnd;
  }
  if (const auto* object = value.if_object()) {
    return std::ranges::any_of(*object,
                               [](const auto& member) { return has_large_double(member.value()); });
  }
  const auto* array = value.if_array();
  return array != nullptr && std::ranges::any_of(*array, has_large_double);
}

template <class Integer>
bool holds(std::string_view literal) {
  Integer number = 0;
  return std::from_chars(literal.data(), literal.data() + literal.size(), number).ec == std::errc();
}

bool is_lost(std::string_view literal) {
  if (literal.find_first_of(".eE") != literal.npos) return false;
  return literal.starts_with('-') ? !holds<std::int64_t>(literal) : !holds<std::uint64_t>(literal);
}

}  // namespace

std::optional<std::string> whole_number_lost(std::string_view text, const bj::value& parsed) {
  if (!has_large_double(parsed)) return std::nullopt;
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {  // the text was parsed: the string has an end
      for (++at; text[at] != '"';) at += text[at] == '\\' ? 2 : 1;
      ++at;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::string_view rest = text.substr(at);
      const std::string_view literal = rest.substr(0, rest.find_first_not_of(kOfNumbers));
      if (is_lost(literal)) return std::string(literal);
      at += literal.size();
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

std::string told_of_lost_number(std::string_view number) {
  std::string shown(number.substr(0, kDigitsTold));
  if (shown.size() < number.size()) shown += "…";
  return "has the whole number " + shown +
         ", which is beyond 64 bits and would not be kept as it is; send it as text, in quotes";
}

}  // namespace waybill::json
