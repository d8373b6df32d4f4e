#include "base/json_duplicates.h"

#include <boost/json.hpp>
#include <unordered_set>
#include <vector>

#include "base/json.h"

namespace waybill::json {
namespace bj = boost::json;
namespace {

std::size_t members_kept(const bj::value& value) {
  std::size_t count = 0;
  if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& member : *object) count += members_kept(member.value());
  } else if (const auto* array = value.if_array()) {
    for (const bj::value& element : *array) count += members_kept(element);
  }
  return count;
}

/// Past the string that begins at this quote. The text was parsed: the string has an end.
std::size_t after_string(std::string_view text, std::size_t quote) {
  for (std::size_t end = quote;;) {
    end = text.find('"', end + 1);
    std::size_t escapes = 0;
    while (text[end - escapes - 1] == '\\') ++escapes;
    if (escapes % 2 == 0) return end + 1;
  }
}

/// Each has a colon, and there is none but in strings else.
std::size_t members_written(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '"') {
      at = after_string(text, at);
      continue;
    }
    count += text[at] == ':' ? 1u : 0u;
    ++at;
  }
  return count;
}

/// A name as it is without its escapes.
std::string name_of(std::string_view literal) {
  const auto parsed = parse(literal);
  return parsed && parsed->is_string() ? std::string(parsed->get_string()) : std::string(literal);
}

std::optional<std::string> first_twice(std::string_view text) {
  std::vector<std::unordered_set<std::string>> open;  // names of the objects around; of lists none
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      const std::size_t end = after_string(text, at);
      const std::size_t next = text.find_first_not_of(" \t\r\n", end);
      const bool is_name = next != text.npos && text[next] == ':';
      std::string name = is_name ? name_of(text.substr(at, end - at)) : "";
      if (is_name && !open.back().insert(name).second) return name;
      at = end;
      continue;
    }
    if (c == '{' || c == '[') open.emplace_back();
    if (c == '}' || c == ']') open.pop_back();
    ++at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> member_twice(std::string_view text, const bj::value& parsed) {
  if (members_written(text) == members_kept(parsed)) return std::nullopt;
  return first_twice(text);
}

}  // namespace waybill::json
