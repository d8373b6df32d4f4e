#include "core/size.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <system_error>

namespace waybill {
namespace {

struct Unit {
  std::string_view name;
  double bytes;
};
constexpr std::array<Unit, 10> kUnits = {{{"TiB", 1099511627776.0},
                                          {"GiB", 1073741824.0},
                                          {"MiB", 1048576.0},
                                          {"KiB", 1024.0},
                                          {"B", 1.0},
                                          {"", 1.0},
                                          {"kB", 1e3},
                                          {"MB", 1e6},
                                          {"GB", 1e9},
                                          {"TB", 1e12}}};

}  // namespace

Result<std::int64_t> parse_size(std::string_view text) {
  const auto refuse = [&] {
    return fail(Code::invalid_argument, "\"" + std::string(text) +
                                            "\" is no size; write a number and a unit, such as "
                                            "256MiB (B, KiB, MiB, GiB, TiB, kB, MB, GB, TB)");
  };
  const std::size_t number_end = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, number_end);
  const std::string_view name =
      number_end == std::string_view::npos ? std::string_view{} : text.substr(number_end);
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || error != std::errc() || end != number.data() + number.size()) {
    return refuse();
  }
  for (const Unit& unit : kUnits) {
    if (unit.name != name) continue;
    const double bytes = value * unit.bytes;
    if (bytes >= 9.2e18) return refuse();
    return static_cast<std::int64_t>(bytes);
  }
  return refuse();
}

std::string format_size(std::int64_t bytes) {
  for (const Unit& unit : kUnits) {
    const double value = static_cast<double>(bytes) / unit.bytes;
    if (value < 1 && unit.bytes > 1) continue;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.3f", value);
    std::string result(text.data());
    result.erase(result.find_last_not_of('0') + 1);
    if (result.back() == '.') result.pop_back();
    return result.append(unit.name);
  }
  return "0B";
}

}  // namespace waybill
