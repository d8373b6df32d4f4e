#include "core/definition_fields.h"

#include <boost/json.hpp>
#include <limits>
#include <utility>

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
  if (value == nullptr) return otherwise;
  // A schema's "integer" may be of any size; to_number would throw.
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  if (value->is_uint64())
    return std::cmp_less(value->get_uint64(), kMax) ? static_cast<std::int64_t>(value->get_uint64())
                                                    : kMax;
  if (value->is_int64()) return value->get_int64();
  const double number = value->get_double();
  if (number >= 0x1p63) return kMax;
  return number < -0x1p63 ? kMin : static_cast<std::int64_t>(number);
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
