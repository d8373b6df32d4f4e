#include "core/json_schema_number.h"

#include <boost/json.hpp>
#include <cmath>
#include <utility>

namespace waybill {
namespace bj = boost::json;

bool is_integer(const bj::value& value) {
  if (value.is_int64() || value.is_uint64()) return true;
  return value.is_double() && std::isfinite(value.get_double()) &&
         std::trunc(value.get_double()) == value.get_double();
}

bool is_less(const bj::value& a, const bj::value& b) {
  if (a.is_int64() && b.is_int64()) return a.get_int64() < b.get_int64();
  if (a.is_uint64() && b.is_uint64()) return a.get_uint64() < b.get_uint64();
  if (a.is_int64() && b.is_uint64()) return std::cmp_less(a.get_int64(), b.get_uint64());
  if (a.is_uint64() && b.is_int64()) return std::cmp_less(a.get_uint64(), b.get_int64());
  return a.to_number<double>() < b.to_number<double>();
}

}  // namespace waybill
