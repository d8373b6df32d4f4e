#include "core/cron.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace waybill {
namespace {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::sys_days;
using std::chrono::year_month_day;

/// Local time is kept in the same type as UTC; it is never shown and never leaves this file.
using LocalTime = Time;

LocalTime minute_at_or_after(LocalTime time) { return std::chrono::ceil<minutes>(time); }

bool matches_day(const Cron& cron, const year_month_day& date) {
  const bool day = cron.days[unsigned(date.day())];
  const bool weekday = cron.weekdays[std::chrono::weekday(sys_days(date)).c_encoding()];
  return cron.day_restricted && cron.weekday_restricted ? day || weekday : day && weekday;
}

/// The first matching minute in [from, end); `from` is a whole minute.
std::optional<LocalTime> first_match(const Cron& cron, LocalTime from, LocalTime end) {
  auto day = std::chrono::floor<days>(from);
  for (; day < end; day += days(1)) {
    const year_month_day date(day);
    if (!cron.months[unsigned(date.month())]) {
      day = sys_days((date.year() / date.month() / 1) + std::chrono::months(1)) - days(1);
      continue;
    }
    if (!matches_day(cron, date)) continue;
    const auto begin = std::chrono::duration_cast<minutes>(std::max(from, LocalTime(day)) - day);
    for (auto minute = begin; minute < days(1); ++minute) {
      const auto hour = static_cast<std::size_t>(minute.count() / 60);
      if (!cron.hours[hour]) {
        minute = minutes(60 * (hour + 1)) - minutes(1);
      } else if (cron.minutes[static_cast<std::size_t>(minute.count() % 60)]) {
        const LocalTime found = day + minute;
        return found < end ? std::optional(found) : std::nullopt;
      }
    }
  }
  return std::nullopt;
}

/// A time between two changes of a zone's offset.
struct Segment {
  Time begin{};
  Time end{};
  Duration offset{};
  Duration offset_before{};  ///< in the segment before
};

/// The first fire of a segment that is later than `after`.
std::optional<Time> first_in(const Segment& segment, const Cron& cron, DaylightPolicy daylight,
                             Time after) {
  const LocalTime skipped_from = segment.begin + segment.offset_before;
  const LocalTime begin = segment.begin + segment.offset;
  if (segment.begin > after && begin > skipped_from && daylight != DaylightPolicy::skip &&
      first_match(cron, minute_at_or_after(skipped_from), begin)) {
    return segment.begin;
  }
  LocalTime from = std::max(begin, after + Duration(1) + segment.offset);
  if (daylight != DaylightPolicy::both) from = std::max(from, skipped_from);  // no repeated times
  const auto found = first_match(cron, minute_at_or_after(from), segment.end + segment.offset);
  return found ? std::optional(*found - segment.offset) : std::nullopt;
}

}  // namespace

Time next_fire(const Cron& cron, const Zone& zone, DaylightPolicy daylight, Time after) {
  if (after > kTimeMax - kCronHorizon) return kTimeMax;
  const Time horizon = after + kCronHorizon;
  // Starts where no repeated time of the first segment can still lie ahead: offsets differ by less
  // than three days.
  Segment segment{.begin = after - days(3)};
  segment.offset = segment.offset_before = zone.offset_at(segment.begin);
  while (segment.begin < horizon) {
    segment.end = std::min(zone.next_change(segment.begin), horizon + Duration(1));
    if (const auto found = first_in(segment, cron, daylight, after)) return *found;
    segment.begin = segment.end;
    segment.offset_before = std::exchange(segment.offset, zone.offset_at(segment.begin));
  }
  return kTimeMax;
}

}  // namespace waybill
