#include "services/scan_report.h"

#include <algorithm>
#include <array>

namespace waybill {
namespace {

bool is_marked(const ScannedTask& task) {
  return task.marker == MarkerOutcome::written || task.marker == MarkerOutcome::present;
}

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

bool ScanReport::complete() const {
  return mode == ScanMode::dry_run || std::all_of(tasks.begin(), tasks.end(), is_marked);
}

bool ScanReport::settled() const {
  return mode == ScanMode::dry_run ||
         std::all_of(tasks.begin(), tasks.end(),
                     [](const ScannedTask& task) { return task.refused || is_marked(task); });
}

}  // namespace waybill
