#include "core/prio/split.h"

#include <algorithm>

#include "core/prio/object_name.h"

namespace waybill::prio {
namespace {

bool holds(const Window& window, const Window& part) {
  return window.begin <= part.begin && part.end <= window.end;
}

bool holds_one_of(const Window& window, const Windows& done) {
  return std::any_of(done.begin(), done.end(),
                     [&](const Window& part) { return holds(window, part); });
}

/// Where a window is halved; its begin when it is a single minute.
Time middle_of(const Window& window) {
  return window.begin + std::chrono::floor<std::chrono::minutes>((window.end - window.begin) / 2);
}

void add_parts(std::vector<Window>& parts, const Window& window, const Windows& done,
               const std::function<bool(const Window&)>& fits) {
  if (done.contains(window)) return;
  const Time middle = middle_of(window);
  if (middle == window.begin || (!holds_one_of(window, done) && fits(window))) {
    parts.push_back(window);
    return;
  }
  add_parts(parts, {window.begin, middle}, done, fits);
  add_parts(parts, {middle, window.end}, done, fits);
}

}  // namespace

std::vector<Window> parts_of(const Window& window, const Windows& done,
                             const std::function<bool(const Window&)>& fits) {
  std::vector<Window> parts;
  add_parts(parts, window, done, fits);
  return parts;
}

std::vector<Window> windows_around(const Window& window, const Window& part) {
  std::vector<Window> around;
  for (Window next = window; next != part && holds(next, part);) {
    around.push_back(next);
    const Time middle = middle_of(next);
    if (middle == next.begin) break;
    next = part.end <= middle ? Window{next.begin, middle} : Window{middle, next.end};
  }
  return around;
}

std::string part_marker(std::string_view aggregation_id, const Window& window, const Window& part) {
  std::string marker = aggregate_marker(aggregation_id, window.begin, window.end);
  marker += kPartInfix;
  append_minute(marker, part.begin, '-');
  marker += '-';
  append_minute(marker, part.end, '-');
  return marker;
}

}  // namespace waybill::prio
