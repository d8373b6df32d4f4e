#include "services/scan_report.h"

#include <algorithm>
#include <array>

namespace waybill {
namespace {

/// Of a task, or of a window's closing marker.
constexpr auto kIsMarked = [](const auto& scanned) { return is_marked(scanned.marker); };

}  // namespace

std::string_view to_string(ScanPhase phase) {
  static constexpr std::array<std::string_view, kScanPhaseCount> kNames = {"list", "plan", "insert",
                                                                           "mark"};
  return kNames[static_cast<std::size_t>(phase)];
}

std::string_view to_string(ScanOutcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames = {"planned", "inserted", "duplicate",
                                                             "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::string_view to_string(MarkerOutcome outcome) {
  static constexpr std::array<std::string_view, 4> kNames = {"none", "written", "present",
                                                             "failed"};
  return kNames[static_cast<std::size_t>(outcome)];
}

std::int64_t ScanReport::count(ScanOutcome outcome) const {
  return std::count_if(tasks.begin(), tasks.end(),
                       [&](const ScannedTask& task) { return task.outcome == outcome; });
}

std::int64_t ScanReport::count(MarkerOutcome outcome) const {
  return std::count_if(tasks.begin(), tasks.end(),
                       [&](const ScannedTask& task) { return task.marker == outcome; });
}

std::int64_t ScanReport::refused() const {
  return std::count_if(tasks.begin(), tasks.end(),
                       [](const ScannedTask& task) { return task.refused; });
}

std::int64_t ScanReport::too_large() const { return skipped_count(counts, SkipReason::too_large); }

bool ScanReport::complete() const {
  if (too_large() > 0) return false;
  return mode == ScanMode::dry_run ||
         (std::ranges::all_of(tasks, kIsMarked) && std::ranges::all_of(closing, kIsMarked));
}

bool ScanReport::settled() const {
  if (mode == ScanMode::dry_run) return true;
  return std::all_of(
             tasks.begin(), tasks.end(),
             [](const ScannedTask& task) { return task.refused || is_marked(task.marker); }) &&
         std::all_of(closing.begin(), closing.end(), [](const ScannedClosing& window) {
           return window.waits || is_marked(window.marker);
         });
}

}  // namespace waybill
