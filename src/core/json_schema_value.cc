#include "core/json_schema_value.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/json.h"
#include "base/utf8.h"
#include "core/document.h"
#include "core/json_schema_number.h"

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

Groups::Groups(const bj::object& rules) {
  for (const auto& rule : rules) {
    const char first = rule.key().empty() ? ' ' : rule.key().front();
    values |= first == 'c' || first == 'e';
    bounds |= first == 'm' || first == 'e';
    combinations |= std::string_view("$aoni").find(first) != std::string_view::npos;
  }
}

std::string Place::pointer() const {
  if (in == nullptr) return "";
  return child_pointer(in->pointer(),
                       name.data() == nullptr ? std::to_string(index) : std::string(name));
}

}  // namespace waybill::schema
