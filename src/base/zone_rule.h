#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace waybill {

/// The rule that a TZif file's footer gives for the years after its table: a POSIX TZ string with
/// the hours of RFC 8536, 3.3.1, e.g. `CET-1CEST,M3.5.0,M10.5.0/3`. Everything is in seconds since
/// 1970.
class ZoneRule {
 public:
  /// `invalid_argument` for what is not such a string; daylight saving needs both of its dates.
  static Result<ZoneRule> parse(std::string_view text);

  /// Local time minus UTC at `utc`, in seconds.
  std::int32_t offset_at(std::int64_t utc) const;
  /// The first moment after `utc` at which the offset changes; INT64_MAX if it never does.
  std::int64_t next_change(std::int64_t utc) const;

 private:
  /// One of the two changes of a year, in local time before the change.
  struct Date {
    enum class Form : std::uint8_t { day_but_never_29_february, day, week_of_month };
    Form form = Form::day;
    int day = 0;  ///< 1..365, 0..365, or the weekday (0 = Sunday)
    int month = 0;
    int week = 0;  ///< 1..5, 5 = the last
    std::int32_t time = 2 * 3600;

    std::int64_t local_seconds(int year) const;
  };
  friend class ZoneRuleReader;

  std::int64_t starts(int year) const { return start_.local_seconds(year) - standard_; }
  std::int64_t ends(int year) const { return end_.local_seconds(year) - daylight_; }
  // For a moment in the 400 years from 1970 on, and a little beyond.
  std::int32_t offset_in_cycle(std::int64_t utc) const;
  std::optional<std::int64_t> change_within(std::int64_t utc, int years) const;

  std::int32_t standard_ = 0;
  std::int32_t daylight_ = 0;  ///< equal to standard_ where there is none
  Date start_;
  Date end_;
};

}  // namespace waybill
