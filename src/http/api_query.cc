#include "http/api_query.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace waybill::http {

const Query::Value& Query::at(std::string_view name) const {
  const auto found = values_.find(name);
  WAYBILL_CHECK(found != values_.end(), "the operation has no such query parameter");
  return found->second;
}

const std::string& Query::text(std::string_view name) const {
  static const std::string kNone;
  const Value& value = at(name);
  WAYBILL_CHECK(!value.is_list, "the query parameter is a list");
  return value.texts.empty() ? kNone : value.texts.front();
}

const std::vector<std::string>& Query::texts(std::string_view name) const {
  const Value& value = at(name);
  WAYBILL_CHECK(value.is_list, "the query parameter is no list");
  return value.texts;
}

std::int64_t Query::integer(std::string_view name, std::int64_t otherwise) const {
  return at(name).integer.value_or(otherwise);
}

std::string Query::words_without(std::initializer_list<std::string_view> names) const {
  std::string words;
  for (const auto& [name, value] : values_) {
    if (std::ranges::find(names, name) != names.end()) continue;
    // No text of a query has a control character in it.
    for (const std::string& text : std::set(value.texts.begin(), value.texts.end())) {
      words += name + "=" + text + "\n";
    }
  }
  return words;
}

}  // namespace waybill::http
