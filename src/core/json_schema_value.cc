#include "core/json_schema_value.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cstddef>

#include "base/json.h"
#include "base/utf8.h"
#include "core/document.h"
#include "core/json_schema_number.h"
#include "core/json_schema_pattern.h"

namespace waybill::schema {
namespace bj = boost::json;
namespace {

constexpr std::size_t kShownBytesMax = 60;

std::string_view type_of(const bj::value& value) {
  switch (value.kind()) {
    case bj::kind::null:
      return "null";
    case bj::kind::bool_:
      return "boolean";
    case bj::kind::string:
      return "string";
    case bj::kind::array:
      return "array";
    case bj::kind::object:
      return "object";
    default:
      return "number";
  }
}

}  // namespace

std::string_view view(const bj::string& text) { return {text.data(), text.size()}; }

std::string shown(const bj::value& value) {
  std::string text = bj::serialize(value);
  if (text.size() > kShownBytesMax) text = std::string(utf8_prefix(text, kShownBytesMax)) + "…";
  return text;
}

std::string with_article(std::string_view type) {
  if (type == "null") return "null";
  if (type == "boolean") return "true or false";
  if (type == "integer") return "a whole number";
  if (type == "string") return "a text";
  if (type == "object") return "a map";
  return type == "array" ? "a list" : "a number";
}

bool has_type(const bj::value& value, std::string_view type) {
  return type == "integer" ? is_integer(value) : type_of(value) == type;
}

bool equal(const bj::value& a, const bj::value& b) {
  if (a.is_number() && b.is_number() && (a.is_double() || b.is_double())) {
    return a.to_number<double>() == b.to_number<double>();
  }
  if (a.is_string() || b.is_string()) return a == b;
  return json::canonical(a) == json::canonical(b);
}

std::int64_t length(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
}

std::string Place::pointer() const {
  if (in == nullptr) return "";
  return child_pointer(in->pointer(),
                       name.data() == nullptr ? std::to_string(index) : std::string(name));
}

}  // namespace waybill::schema

namespace waybill {
namespace {

/// The characters of `^[…]+$`; none for any other pattern, and where a character in the brackets
/// may mean something else than itself.
std::optional<std::bitset<256>> characters_of(std::string_view pattern) {
  constexpr std::string_view kBegin = "^[";
  constexpr std::string_view kEnd = "]+$";
  if (!pattern.starts_with(kBegin) || !pattern.ends_with(kEnd)) return std::nullopt;
  if (pattern.size() <= kBegin.size() + kEnd.size()) return std::nullopt;
  pattern.remove_prefix(kBegin.size());
  pattern.remove_suffix(kEnd.size());
  const bool plain = std::ranges::all_of(pattern, [](char c) {
    return c >= ' ' && c <= '~' && c != '[' && c != ']' && c != '\\' && c != '^';
  });
  if (!plain) return std::nullopt;
  std::bitset<256> characters;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const bool is_range = i + 2 < pattern.size() && pattern[i + 1] == '-';
    // Elsewhere a hyphen is itself only at the ends.
    if (!is_range && pattern[i] == '-' && i > 0 && i + 1 < pattern.size()) return std::nullopt;
    const char last = is_range ? pattern[i + 2] : pattern[i];
    if (last < pattern[i]) return std::nullopt;
    for (int c = pattern[i]; c <= last; ++c) characters.set(static_cast<std::size_t>(c));
    if (is_range) i += 2;
  }
  return characters;
}

}  // namespace

SchemaPattern::SchemaPattern(std::string_view pattern, std::regex::flag_type flags)
    : regex_(pattern.begin(), pattern.end(), flags), characters_(characters_of(pattern)) {}

bool SchemaPattern::matches(std::string_view text) const {
  if (!characters_) return std::regex_search(text.begin(), text.end(), regex_);
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return characters_->test(static_cast<unsigned char>(c));
  });
}

}  // namespace waybill
