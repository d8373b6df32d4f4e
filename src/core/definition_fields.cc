#include "core/definition_fields.h"

#include <boost/json.hpp>

#include "base/json.h"

namespace waybill {
namespace bj = boost::json;

const bj::value* Fields::find(std::string_view name) const {
  return object_.if_contains(bj::string_view(name.data(), name.size()));
}

std::string Fields::text(std::string_view name, std::string_view otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? std::string(otherwise) : std::string(value->get_string());
}

Duration Fields::duration(std::string_view name, Duration otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? otherwise
                          : parse_duration(std::string_view(value->get_string())).value();
}

std::int64_t Fields::integer(std::string_view name, std::int64_t otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? otherwise : value->to_number<std::int64_t>();
}

double Fields::number(std::string_view name, double otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? otherwise : value->to_number<double>();
}

bool Fields::flag(std::string_view name, bool otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? otherwise : value->get_bool();
}

std::string Fields::json(std::string_view name, std::string_view otherwise) const {
  const bj::value* value = find(name);
  return value == nullptr ? std::string(otherwise) : json::serialize(*value);
}

const bj::object& Fields::object(std::string_view name) const {
  static const bj::object kEmpty;
  const bj::value* value = find(name);
  return value == nullptr ? kEmpty : value->get_object();
}

}  // namespace waybill
