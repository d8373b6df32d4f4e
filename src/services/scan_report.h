#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "core/scan_plan.h"

namespace waybill {

enum class ScanMode : std::uint8_t {
  real,
  dry_run,  ///< lists and plans; writes nothing, neither tasks nor markers
};

enum class ScanPhase : std::uint8_t { list, plan, insert, mark };
inline constexpr int kScanPhaseCount = 4;
std::string_view to_string(ScanPhase phase);

/// What became of a planned task.
enum class ScanOutcome : std::uint8_t {
  planned,    ///< dry run, or the scan was stopped before it came to this one
  inserted,   ///< accepted by this scan
  duplicate,  ///< accepted before, by a rival or by a scan that was cut off before its marker
  failed,     ///< see `error`; the next scan tries again. In a dry run: it would be refused
};
enum class MarkerOutcome : std::uint8_t {
  none,  ///< the task is not accepted, so there must be none
  written,
  present,  ///< a rival was first, or another task of this pass that is covered by the same one
  failed,   ///< see `error`; the next scan tries again
};
std::string_view to_string(ScanOutcome outcome);
std::string_view to_string(MarkerOutcome outcome);

struct ScannedTask {
  PlannedTask planned;
  /// The marker's whole name, bucket and all, and so the dedup key: scans of different buckets may
  /// have markers of the same name, and none may keep another's task out.
  std::string key;
  Uuid id;  ///< the task's, from the key; of a covered one (see covered_by) who holds the key
  ScanOutcome outcome = ScanOutcome::planned;
  MarkerOutcome marker = MarkerOutcome::none;
  std::string error;
  bool refused = false;  ///< failed for good: no later scan can schedule it as it is
  /// Marker of the task `id` that has this one's work already (PlannedTask::within) and is written
  /// in its place; empty: none.
  std::string covered_by;

  const std::string& marker_name() const {
    return covered_by.empty() ? planned.marker : covered_by;
  }
};

/// The marker of a window that was aggregated in parts.
struct ScannedClosing {
  ClosingMarker planned;
  MarkerOutcome marker = MarkerOutcome::none;
  /// Not to be written: a task of `planned.after` has no marker, and tells why.
  bool waits = false;
};

/// Whether the marker is there, from now on or from before.
constexpr bool is_marked(MarkerOutcome outcome) {
  return outcome == MarkerOutcome::written || outcome == MarkerOutcome::present;
}

struct ScanReport {
  std::string scan;
  Time now{};
  ScanMode mode = ScanMode::real;
  std::vector<ScannedTask> tasks;  ///< in the plan's order
  std::vector<ScannedClosing> closing;
  std::vector<Skipped> skipped;                ///< see Plan
  std::map<std::string, std::int64_t> counts;  ///< see Plan
  /// See Plan; and closing markers that failed, and markers that were lost.
  std::vector<std::string> warnings;
  std::int64_t objects_listed = 0;
  Duration took[kScanPhaseCount] = {};

  std::int64_t count(ScanOutcome outcome) const;
  std::int64_t count(MarkerOutcome outcome) const;
  /// How many tasks can never be scheduled as they are: somebody has to mend something.
  std::int64_t refused() const;
  /// How many aggregations were left out since no task can hold them; `warnings` has what to do.
  std::int64_t too_large() const;
  /// Everything that was planned is accepted and marked (or it was a dry run), and nothing was too
  /// large to be planned.
  bool complete() const;
  /// The same but for what is refused or too large: trying again changes nothing.
  bool settled() const;
};

}  // namespace waybill
