#include "core/prio/window.h"

#include <algorithm>

#include "core/definition.h"

namespace waybill::prio {

Window window_of(Time time, Duration period) {
  constexpr Time kOrigin = std::chrono::sys_days(std::chrono::year(1) / 1 / 1);
  const Duration since = time - kOrigin;
  Duration into = since % period;
  if (into < Duration(0)) into += period;
  return {.begin = time - into, .end = time - into + period};
}

Window intake_window(const PrioScan& scan, Time now) {
  using std::chrono::minutes;
  return {.begin = std::chrono::floor<minutes>(now - scan.intake_max_age),
          .end = std::chrono::floor<minutes>(now + std::chrono::hours(24))};
}

std::vector<Window> aggregation_windows(const PrioScan& scan, Time now) {
  const Duration period = scan.aggregation_period;
  if (scan.aggregation_override) return {window_of(*scan.aggregation_override, period)};
  std::vector<Window> windows = {window_of(now - scan.grace_period - period, period)};
  while (windows.size() < kWindowsMax && windows.back().begin >= now - scan.catch_up) {
    windows.push_back({.begin = windows.back().begin - period, .end = windows.back().begin});
  }
  std::reverse(windows.begin(), windows.end());
  return windows;
}

std::vector<Window> merged(std::vector<Window> windows) {
  std::erase_if(windows, [](const Window& window) { return window.begin >= window.end; });
  std::sort(windows.begin(), windows.end(),
            [](const Window& a, const Window& b) { return a.begin < b.begin; });
  std::vector<Window> result;
  for (const Window& window : windows) {
    if (!result.empty() && window.begin <= result.back().end) {
      result.back().end = std::max(result.back().end, window.end);
    } else {
      result.push_back(window);
    }
  }
  return result;
}

bool overlaps_any(const Window& window, const std::vector<Window>& others) {
  return std::any_of(others.begin(), others.end(), [&](const Window& other) {
    return other.begin < window.end && window.begin < other.end;
  });
}

std::vector<Window> without(const std::vector<Window>& windows, const std::vector<Window>& taken) {
  std::vector<Window> result;
  for (Window left : windows) {
    for (const Window& hole : taken) {
      if (hole.end <= left.begin || hole.begin >= left.end) continue;
      if (hole.begin > left.begin) result.push_back({.begin = left.begin, .end = hole.begin});
      left.begin = std::min(hole.end, left.end);
    }
    if (left.begin < left.end) result.push_back(left);
  }
  return result;
}

}  // namespace waybill::prio
