#include "base/time.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace waybill {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t kMicrosPerSecond = 1'000'000;
constexpr Time kYearZero = sys_days(year_month_day(std::chrono::year(0) / 1 / 1));
constexpr Time kYearTenThousand = sys_days(year_month_day(std::chrono::year(10'000) / 1 / 1));

/// Eats exactly `width` digits.
std::optional<int> eat_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool eat(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text[0]) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::int64_t> eat_fraction(std::string_view& text) {
  if (!eat(text, ".")) return 0;
  std::int64_t micros = 0;
  std::int64_t unit = kMicrosPerSecond / 10;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    micros += (text[0] - '0') * unit;
    unit /= 10;
  }
  return digits == 0 ? std::nullopt : std::optional(micros);
}

std::optional<Duration> eat_offset(std::string_view& text) {
  if (eat(text, "Zz")) return Duration(0);
  if (text.empty() || (text[0] != '+' && text[0] != '-')) return std::nullopt;
  const int sign = text[0] == '-' ? -1 : 1;
  text.remove_prefix(1);
  const auto hours = eat_digits(text, 2);
  if (!hours || !eat(text, ":")) return std::nullopt;
  const auto minutes = eat_digits(text, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return sign * (std::chrono::hours(*hours) + std::chrono::minutes(*minutes));
}

std::optional<Time> read_time(std::string_view text) {
  const auto year = eat_digits(text, 4);
  if (!year || !eat(text, "-")) return std::nullopt;
  const auto month = eat_digits(text, 2);
  if (!month || !eat(text, "-")) return std::nullopt;
  const auto day = eat_digits(text, 2);
  if (!day) return std::nullopt;
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  const Time midnight = sys_days(date);
  if (text.empty()) return midnight;
  if (!eat(text, "Tt ")) return std::nullopt;
  const auto hour = eat_digits(text, 2);
  if (!hour || !eat(text, ":")) return std::nullopt;
  const auto minute = eat_digits(text, 2);
  if (!minute || !eat(text, ":")) return std::nullopt;
  const auto second = eat_digits(text, 2);
  // A leap second (:60) is taken as the next second: UTC as POSIX counts it has none.
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto fraction = eat_fraction(text);
  if (!fraction) return std::nullopt;
  const auto offset = eat_offset(text);
  if (!offset || !text.empty()) return std::nullopt;
  const Time time = midnight + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
                    std::chrono::seconds(*second) + Duration(*fraction) - *offset;
  return time >= kYearZero && time < kYearTenThousand ? std::optional(time) : std::nullopt;
}

struct Unit {
  std::string_view name;
  std::int64_t micros;  // 0: nanoseconds
};
constexpr Unit kUnits[] = {{"ns", 0},
                           {"us", 1},
                           {"\u00b5s", 1},  // micro sign
                           {"\u03bcs", 1},  // Greek letter mu
                           {"ms", 1000},
                           {"s", kMicrosPerSecond},
                           {"m", 60 * kMicrosPerSecond},
                           {"h", 3600 * kMicrosPerSecond},
                           {"d", 86400 * kMicrosPerSecond}};

const Unit* eat_unit(std::string_view& text) {
  std::size_t length = 0;
  while (length < text.size() && text[length] != '.' &&
         (text[length] < '0' || text[length] > '9')) {
    ++length;
  }
  for (const Unit& unit : kUnits) {
    if (text.substr(0, length) == unit.name) {
      text.remove_prefix(length);
      return &unit;
    }
  }
  return nullptr;
}

/// One number with its unit, in microseconds.
std::optional<long double> eat_part(std::string_view& text) {
  long double value = 0;
  std::size_t digits = 0;
  for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
    value = value * 10 + (text[0] - '0');
  }
  if (eat(text, ".")) {
    long double scale = 0.1L;
    for (; !text.empty() && text[0] >= '0' && text[0] <= '9'; text.remove_prefix(1), ++digits) {
      value += (text[0] - '0') * scale;
      scale /= 10;
    }
  }
  const Unit* unit = eat_unit(text);
  if (digits == 0 || unit == nullptr) return std::nullopt;
  return unit->micros == 0 ? value / 1000 : value * static_cast<long double>(unit->micros);
}

/// In decimal, with zeros before it up to this many digits.
void append_padded(std::string& text, unsigned number, std::size_t digits) {
  const std::size_t begin = text.size();
  text.append(digits, '0');
  for (std::size_t at = begin + digits; at > begin; number /= 10) {
    text[--at] = static_cast<char>('0' + number % 10);
  }
}

}  // namespace

std::string format_time(Time time) {
  time = std::clamp(time, kYearZero, kYearTenThousand - Duration(1));
  const auto day = std::chrono::floor<days>(time);
  const year_month_day date(day);
  const auto micros = (time - day).count();
  const auto seconds = micros / kMicrosPerSecond;
  const auto fraction = micros % kMicrosPerSecond;
  std::string text;
  text.reserve(28);
  append_padded(text, static_cast<unsigned>(int(date.year())), 4);
  append_padded(text += '-', unsigned(date.month()), 2);
  append_padded(text += '-', unsigned(date.day()), 2);
  append_padded(text += 'T', static_cast<unsigned>(seconds / 3600), 2);
  append_padded(text += ':', static_cast<unsigned>(seconds / 60 % 60), 2);
  append_padded(text += ':', static_cast<unsigned>(seconds % 60), 2);
  if (fraction != 0) {
    const bool in_millis = fraction % 1000 == 0;
    append_padded(text += '.', static_cast<unsigned>(in_millis ? fraction / 1000 : fraction),
                  in_millis ? 3 : 6);
  }
  return text += 'Z';
}

Result<Time> parse_time(std::string_view text) {
  const auto time = read_time(text);
  if (!time) {
    return fail(Code::invalid_argument, "not a time: '" + std::string(text.substr(0, 64)) +
                                            "'; write it as 2026-11-22T12:00:00Z");
  }
  return *time;
}

std::string format_duration(Duration duration) {
  auto micros = duration.count();
  if (micros == 0) return "0s";
  std::string text;
  if (micros < 0) {
    text = '-';
    micros = -micros;
  }
  if (micros < 1000) return text + std::to_string(micros) + "us";
  const auto put = [&](std::int64_t unit, const char* name) {
    if (micros >= unit) text += std::to_string(micros / unit) + name;
    micros %= unit;
  };
  put(3600 * kMicrosPerSecond, "h");
  put(60 * kMicrosPerSecond, "m");
  if (micros == 0) return text;
  const bool below_second =
      micros < kMicrosPerSecond && text.find_first_of("hm") == std::string::npos;
  const std::int64_t unit = below_second ? 1000 : kMicrosPerSecond;
  text += std::to_string(micros / unit);
  if (const auto rest = micros % unit; rest != 0) {
    std::string digits = std::to_string(rest + unit).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += '.' + digits;
  }
  return text + (below_second ? "ms" : "s");
}

Result<Duration> parse_duration(std::string_view text) {
  const auto refuse = [&] {
    return fail(Code::invalid_argument, "not a duration: '" + std::string(text.substr(0, 64)) +
                                            "'; write it as 90s, 1h30m or 250ms");
  };
  std::string_view rest = text;
  const bool negative = !rest.empty() && rest[0] == '-';
  if (negative || (!rest.empty() && rest[0] == '+')) rest.remove_prefix(1);
  if (rest == "0") return Duration(0);
  if (rest.empty()) return refuse();
  long double total = 0;
  while (!rest.empty()) {
    const auto part = eat_part(rest);
    if (!part) return refuse();
    total += *part;
  }
  if (total > static_cast<long double>(kDurationMax.count())) {
    return fail(Code::invalid_argument,
                "'" + std::string(text.substr(0, 64)) + "' is longer than " +
                    format_duration(std::chrono::floor<std::chrono::hours>(kDurationMax)) +
                    ", which is the longest duration");
  }
  // What is not 0 stays so, as 0 has a meaning of its own: no limit, at once.
  const auto micros = std::max<std::int64_t>(static_cast<std::int64_t>(total + 0.5L), total > 0);
  return Duration(negative ? -micros : micros);
}

}  // namespace waybill
