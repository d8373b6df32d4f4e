#include "core/json_schema_number.h"

#include <boost/json.hpp>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
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

/// Of a whole number, also of one that JSON wrote as 2.0 or 1e2; none of one beyond 64 bits.
std::optional<std::uint64_t> magnitude_of(const bj::value& value) {
  constexpr double kBeyond = 18446744073709551616.0;  // 2^64
  if (value.is_uint64()) return value.get_uint64();
  if (value.is_int64()) {
    const auto bits = static_cast<std::uint64_t>(value.get_int64());
    return value.get_int64() < 0 ? 0 - bits : bits;
  }
  if (!is_integer(value) || std::abs(value.get_double()) >= kBeyond) return std::nullopt;
  return static_cast<std::uint64_t>(std::abs(value.get_double()));
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
  const auto whole = magnitude_of(number);
  const auto whole_step = magnitude_of(divisor);
  if (whole && whole_step) return *whole % *whole_step == 0;
  const double x = number.to_number<double>();
  const double step = divisor.to_number<double>();
  if (is_integer(number) && is_integer(divisor)) return std::fmod(x, step) == 0;
  // Of a step that goes into 1, such as 0.1, every whole number is a multiple, however large.
  return is_near_multiple(x, step) || (is_integer(number) && is_near_multiple(1, step));
}

}  // namespace waybill
