#pragma once

#include <bitset>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "base/zone.h"
#include "core/schedule.h"

namespace waybill {

/// A parsed cron expression: `minute hour day-of-month month day-of-week`, with `*`, lists, ranges,
/// steps (`*/5`, `8-18/2`), names (JAN, MON; either case), 7 for Sunday, and @hourly @daily
/// @midnight
/// @weekly @monthly @yearly @annually. As in Vixie cron, when both day fields are restricted either
/// one suffices, and a field that begins with `*` (also `*/2`) is not restricted.
struct Cron {
  std::bitset<60> minutes;
  std::bitset<24> hours;
  std::bitset<32> days;     // 1..31
  std::bitset<13> months;   // 1..12
  std::bitset<7> weekdays;  // 0 = Sunday
  bool day_restricted = false;
  bool weekday_restricted = false;

  bool operator==(const Cron&) const = default;
};

/// `invalid_argument` names the field, its position and what it takes.
Result<Cron> parse_cron(std::string_view text);

/// How far ahead a next time is looked for: 29 February falls on one weekday every 40 years when a
/// century without a leap day lies between.
inline constexpr Duration kCronHorizon = std::chrono::hours(24 * 366 * 41);

/// The first nominal time strictly after `after`; kTimeMax if there is none within kCronHorizon
/// (30 February). The set of nominal times never depends on when it was asked for.
Time next_fire(const Cron& cron, const Zone& zone, DaylightPolicy daylight, Time after);

}  // namespace waybill
