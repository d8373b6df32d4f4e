#include "core/prio/split.h"

#include <algorithm>

#include "core/prio/object_name.h"

namespace waybill::prio {
namespace {

bool holds_one_of(const Window& window, const Windows& done) {
  return std::any_of(done.begin(), done.end(), [&](const Window& part) {
    return window.begin <= part.begin && part.end <= window.end;
  });
}

void add_parts(std::vector<Window>& parts, const Window& window, const Windows& done,
               const std::function<bool(const Window&)>& fits) {
  if (done.contains(window)) return;
  const Duration half = std::chrono::floor<std::chrono::minutes>((window.end - window.begin) / 2);
  if (half == Duration(0) || (!holds_one_of(window, done) && fits(window))) {
    parts.push_back(window);
    return;
  }
  add_parts(parts, {window.begin, window.begin + half}, done, fits);
  add_parts(parts, {window.begin + half, window.end}, done, fits);
}

}  // namespace

std::vector<Window> parts_of(const Window& window, const Windows& done,
                             const std::function<bool(const Window&)>& fits) {
  std::vector<Window> parts;
  add_parts(parts, window, done, fits);
  return parts;
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
