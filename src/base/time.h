#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace waybill {

using Duration = std::chrono::microseconds;
/// A moment in UTC, microseconds since 1970-01-01T00:00:00Z. Stored and shown; never waited on.
using Time = std::chrono::sys_time<Duration>;
/// A moment on the monotonic clock. Waited on; never stored.
using SteadyTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;

/// Far enough to mean "never", near enough to add a Duration to it without overflow.
inline constexpr Time kTimeMax = Time(Duration(INT64_MAX / 4));
inline constexpr SteadyTime kSteadyTimeMax = SteadyTime(Duration(INT64_MAX / 4));

constexpr std::int64_t to_micros(Time time) { return time.time_since_epoch().count(); }
constexpr Time from_micros(std::int64_t micros) { return Time(Duration(micros)); }

/// RFC 3339 in UTC with as many fraction digits as needed (none, 3 or 6): 2026-11-22T12:00:00.25Z
/// is written 2026-11-22T12:00:00.250Z. The years are 0000 to 9999; what lies beyond is written as
/// the nearest moment in them.
std::string format_time(Time time);

/// Reads RFC 3339 with any offset, and `YYYY-MM-DD` as midnight UTC. `invalid_argument` otherwise.
Result<Time> parse_time(std::string_view text);

/// The longest that parse_duration reads; some of them can be added up without overflow.
inline constexpr Duration kDurationMax = Duration(INT64_MAX / 4);

/// 0s, 250ms, 1.5s, 2m30s, 36h: largest units first, no zero parts, exact to the microsecond.
std::string format_duration(Duration duration);

/// Reads what Go's time.ParseDuration reads (`1h30m`, `250ms`, `1.5s`, `-2m`, `0`) and `d` for
/// days. `invalid_argument` for anything else, and for what is longer than kDurationMax.
Result<Duration> parse_duration(std::string_view text);

}  // namespace waybill
