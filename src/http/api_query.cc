#include "http/api_query.h"

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

}  // namespace waybill::http
