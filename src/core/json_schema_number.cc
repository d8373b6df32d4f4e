#include "core/json_schema_number.h"

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace waybill {
namespace bj = boost::json;
namespace {

bool is_near_multiple(double number, double step) {
  if (std::fmod(number, step) == 0) return true;
  const double slack = 4 * std::numeric_limits<double>::epsilon() * std::abs(number);
  if (!(slack < step / 4)) return false;
  return std::abs(std::fma(-std::round(number / step), step, number)) <= slack;
}

}  // namespace

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

bool is_multiple(const bj::value& number, const bj::value& divisor) {
  if (!number.is_double() && !divisor.is_double()) {
    const auto magnitude = [](const bj::value& v) {
      const bool negative = v.is_int64() && v.get_int64() < 0;
      const std::uint64_t bits =
          v.is_uint64() ? v.get_uint64() : static_cast<std::uint64_t>(v.get_int64());
      return negative ? 0 - bits : bits;
    };
    return magnitude(number) % magnitude(divisor) == 0;
  }
  const double x = number.to_number<double>();
  const double step = divisor.to_number<double>();
  // Of a step that goes into 1, such as 0.1, every whole number is a multiple, however large.
  return is_near_multiple(x, step) || (is_integer(number) && is_near_multiple(1, step));
}

}  // namespace waybill
