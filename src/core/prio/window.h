#pragma once

#include <cstddef>
#include <vector>

#include "base/time.h"

namespace waybill {
struct PrioScan;
}

namespace waybill::prio {

/// begin <= t < end.
struct Window {
  Time begin{};
  Time end{};

  bool contains(Time time) const { return begin <= time && time < end; }
  bool operator==(const Window&) const = default;
};

/// Of a marker's name without `task-markers/`: what an object's key, of 1024 bytes, leaves for it.
inline constexpr std::size_t kMarkerBytesMax = 1011;

/// More windows than this are never caught up in one scan.
inline constexpr std::size_t kWindowsMax = 1000;

/// The window of this length that holds `time`. Windows are multiples of the period counted from
/// 0001-01-01T00:00Z, a Monday (Go's Time.Truncate). The period is positive.
Window window_of(Time time, Duration period);

/// `[now - intake_max_age, now + 24h)`, both cut to the minute, which is all that names tell.
Window intake_window(const PrioScan& scan, Time now);

/// The windows to aggregate, oldest first: the latest that ended `grace_period` ago or longer, and
/// before it those that ended up to `catch_up` ago, at most kWindowsMax in all; or the one that
/// holds the override, whatever the time.
std::vector<Window> aggregation_windows(const PrioScan& scan, Time now);

/// The same minutes in as few windows as possible, by time: those that touch or overlap are one,
/// empty ones are left out.
std::vector<Window> merged(std::vector<Window> windows);

/// Whether the window shares a minute with one of `others`.
bool overlaps_any(const Window& window, const std::vector<Window>& others);

/// The minutes of `windows` that are in none of `taken`; both as `merged` gives them.
std::vector<Window> without(const std::vector<Window>& windows, const std::vector<Window>& taken);

}  // namespace waybill::prio
