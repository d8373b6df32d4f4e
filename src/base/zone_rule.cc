#include "base/zone_rule.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <vector>

#include "base/ascii.h"

namespace waybill {
namespace {

constexpr std::int64_t kDay = 86400;

/// 400 years are a whole number of weeks, so that the calendar, and with it every rule, repeats.
constexpr std::int64_t kCycle = 146'097 * kDay;

std::int64_t seconds_of(std::chrono::sys_days day) { return day.time_since_epoch().count() * kDay; }

/// The beginning of the 400 years from 1970 on, or before or after them, in which `utc` lies.
std::int64_t cycle_of(std::int64_t utc) { return utc - ((utc % kCycle) + kCycle) % kCycle; }

int year_at(std::int64_t utc) {
  using namespace std::chrono;
  return int(year_month_day(floor<days>(sys_seconds(seconds(utc)))).year());
}

}  // namespace

/// Reads the string from left to right; every function says whether its part was there and right.
class ZoneRuleReader {
 public:
  explicit ZoneRuleReader(std::string_view text) : rest_(text) {}

  std::optional<ZoneRule> read() {
    ZoneRule rule;
    std::int32_t west = 0;
    if (!name() || !clock(west, 24)) return std::nullopt;
    rule.standard_ = rule.daylight_ = -west;
    if (rest_.empty()) return rule;
    if (!name()) return std::nullopt;
    rule.daylight_ = rule.standard_ + 3600;
    if (!rest_.empty() && rest_[0] != ',') {
      if (!clock(west, 24)) return std::nullopt;
      rule.daylight_ = -west;
    }
    if (!eat(',') || !date(rule.start_) || !eat(',') || !date(rule.end_) || !rest_.empty()) {
      return std::nullopt;
    }
    return rule;
  }

 private:
  bool eat(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool name() {
    const bool quoted = eat('<');
    std::size_t size = 0;
    while (size < rest_.size() &&
           (is_letter(rest_[size]) ||
            (quoted && (is_digit(rest_[size]) || rest_[size] == '+' || rest_[size] == '-')))) {
      ++size;
    }
    rest_.remove_prefix(size);
    return size >= 3 && (!quoted || eat('>'));
  }

  bool number(int& value, int low, int high) {
    value = 0;
    std::size_t size = 0;
    for (; size < rest_.size() && size < 4 && is_digit(rest_[size]); ++size) {
      value = value * 10 + (rest_[size] - '0');
    }
    rest_.remove_prefix(size);
    return size > 0 && value >= low && value <= high;
  }

  /// [+-]hh[:mm[:ss]]
  bool clock(std::int32_t& seconds, int hours_max) {
    const bool negative = eat('-');
    if (!negative) eat('+');
    int hours = 0;
    int minutes = 0;
    int rest = 0;
    if (!number(hours, 0, hours_max)) return false;
    if (eat(':')) {
      if (!number(minutes, 0, 59)) return false;
      if (eat(':') && !number(rest, 0, 59)) return false;
    }
    seconds = hours * 3600 + minutes * 60 + rest;
    if (negative) seconds = -seconds;
    return true;
  }

  bool date(ZoneRule::Date& date) {
    using Form = ZoneRule::Date::Form;
    if (eat('M')) {
      date.form = Form::week_of_month;
      if (!number(date.month, 1, 12) || !eat('.') || !number(date.week, 1, 5) || !eat('.') ||
          !number(date.day, 0, 6)) {
        return false;
      }
    } else if (eat('J')) {
      date.form = Form::day_but_never_29_february;
      if (!number(date.day, 1, 365)) return false;
    } else {
      date.form = Form::day;
      if (!number(date.day, 0, 365)) return false;
    }
    return !eat('/') || clock(date.time, 167);
  }

  std::string_view rest_;
};

Result<ZoneRule> ZoneRule::parse(std::string_view text) {
  const auto rule = ZoneRuleReader(text).read();
  if (!rule) {
    return fail(Code::invalid_argument, "not a time zone rule: '" +
                                            std::string(text.substr(0, 64)) +
                                            "'; one looks like CET-1CEST,M3.5.0,M10.5.0/3");
  }
  return *rule;
}

std::int64_t ZoneRule::Date::local_seconds(int year) const {
  using namespace std::chrono;
  const std::chrono::year y(year);
  const std::int64_t first_day = seconds_of(sys_days(y / January / 1));
  switch (form) {
    case Form::day_but_never_29_february:
      return first_day + (day - 1 + (y.is_leap() && day >= 60 ? 1 : 0)) * kDay + time;
    case Form::day:
      return first_day + day * kDay + time;
    case Form::week_of_month:
      break;
  }
  const auto in_month = y / std::chrono::month(static_cast<unsigned>(month));
  const std::chrono::weekday on(static_cast<unsigned>(day));
  const sys_days found = week == 5 ? sys_days(in_month / on[last])
                                   : sys_days(in_month / on[static_cast<unsigned>(week)]);
  return seconds_of(found) + time;
}

std::int32_t ZoneRule::offset_at(std::int64_t utc) const {
  return offset_in_cycle(utc - cycle_of(utc));
}

std::int64_t ZoneRule::next_change(std::int64_t utc) const {
  if (standard_ == daylight_) return INT64_MAX;
  const std::int64_t cycle = cycle_of(utc);
  // Nearly every rule changes twice a year. Where the two changes of a year may fall on one moment
  // (the fourth and the last Tuesday of February), a change may be 40 years away.
  for (const int years : {2, 41}) {
    if (const auto change = change_within(utc - cycle, years)) return *change + cycle;
  }
  return INT64_MAX;
}

std::optional<std::int64_t> ZoneRule::change_within(std::int64_t utc, int years) const {
  const int year = year_at(utc);
  std::vector<std::int64_t> moments;
  for (int y = year - 1; y <= year + years; ++y) {
    moments.push_back(starts(y));
    moments.push_back(ends(y));
  }
  std::sort(moments.begin(), moments.end());
  const std::int32_t now = offset_in_cycle(utc);
  const std::int64_t limit = std::min(starts(year + years + 1), ends(year + years + 1));
  for (const std::int64_t moment : moments) {
    if (moment >= limit) break;
    if (moment > utc && offset_in_cycle(moment) != now) return moment;
  }
  return std::nullopt;
}

std::int32_t ZoneRule::offset_in_cycle(std::int64_t utc) const {
  if (standard_ == daylight_) return standard_;
  // The change that came last decides. A change may be up to a week from its nominal date, so that
  // it lies in a neighbouring year, and the last one of its kind is up to two years back; where an
  // end meets the next start, the start wins.
  std::int64_t latest_start = INT64_MIN;
  std::int64_t latest_end = INT64_MIN;
  const int year = year_at(utc);
  for (int y = year - 2; y <= year + 1; ++y) {
    if (starts(y) <= utc) latest_start = std::max(latest_start, starts(y));
    if (ends(y) <= utc) latest_end = std::max(latest_end, ends(y));
  }
  return latest_start >= latest_end ? daylight_ : standard_;
}

}  // namespace waybill
