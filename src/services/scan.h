#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/definition.h"
#include "core/scan_plan.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/object_store.h"

namespace waybill {

/// Opens the bucket of a URL. Shared, because several scans and pages may use one bucket at a time.
/// `invalid_argument` for a URL that no adapter takes.
using OpenBucket = std::function<Result<std::shared_ptr<ObjectStore>>(const std::string& url)>;

/// Says before a task is accepted whether its kind can ever run it (TaskKind::check).
using CheckTask = std::function<Status(const TaskRequest&)>;

/// What a scan works with; all of it outlives the scan.
struct ScanPorts {
  Ledger& ledger;
  Clock& clock;
  OpenBucket open_bucket;
  CheckTask check_task;  ///< empty: check_request alone decides
};

enum class ScanMode : std::uint8_t {
  real,
  dry_run,  ///< lists and plans; writes nothing, neither tasks nor markers
};

enum class ScanPhase : std::uint8_t { list, plan, insert, mark };
inline constexpr int kScanPhaseCount = 4;
std::string_view to_string(ScanPhase phase);

struct ScanOptions {
  ScanMode mode = ScanMode::real;
  std::optional<Time> now;          ///< the time the scan is made for; none: the clock's
  std::size_t insert_batch = 1000;  ///< tasks inserted by one call of the ledger
  /// Told how far a phase is, now and then; `total` is zero where nobody knows it. May be empty.
  std::function<void(ScanPhase phase, std::int64_t done, std::int64_t total)> progress;
  std::stop_token stop{};  ///< what is left when it is asked for stays `planned`
};

/// What became of a planned task.
enum class ScanOutcome : std::uint8_t {
  planned,    ///< dry run, or the scan was stopped before it came to this one
  inserted,   ///< accepted by this scan
  duplicate,  ///< accepted before, by a rival or by a scan that was cut off before its marker
  failed,     ///< see `error`; the next scan tries again
};
enum class MarkerOutcome : std::uint8_t {
  none,  ///< the task is not accepted, so there must be none
  written,
  present,  ///< a rival was first
  failed,   ///< see `error`; the next scan tries again
};
std::string_view to_string(ScanOutcome outcome);
std::string_view to_string(MarkerOutcome outcome);

struct ScannedTask {
  PlannedTask planned;
  ScanOutcome outcome = ScanOutcome::planned;
  MarkerOutcome marker = MarkerOutcome::none;
  std::string error;
};

struct ScanReport {
  std::string scan;
  Time now{};
  ScanMode mode = ScanMode::real;
  std::vector<ScannedTask> tasks;              ///< in the plan's order
  std::vector<Skipped> skipped;                ///< see Plan
  std::map<std::string, std::int64_t> counts;  ///< see Plan
  std::int64_t objects_listed = 0;
  Duration took[kScanPhaseCount] = {};

  std::int64_t count(ScanOutcome outcome) const;
  std::int64_t count(MarkerOutcome outcome) const;
  /// Everything that was planned is accepted and marked (or it was a dry run).
  bool complete() const;
};

/// The task definitions that a scan makes tasks of.
std::vector<std::string> tasks_of(const ScanDefinition& scan);

/// All buckets of a scan; one may come twice.
std::vector<std::string> bucket_urls(const ScanDefinition& scan);

/// The bucket that a listing calls `source`, and the one that markers are written to.
/// `invalid_argument` for a name that the scan does not have.
Result<std::string> bucket_url(const ScanDefinition& scan, std::string_view source);
std::string marker_url(const ScanDefinition& scan);

/// One pass of a scan: lists, plans, inserts the tasks under their markers as dedup keys for ever,
/// and then writes the marker of each that is accepted. Safe to repeat and to run beside others:
/// cut off anywhere, the next pass does what is missing, and nothing twice.
///
/// An error means that nothing was written: `not_found` for a task definition or bucket that is
/// missing, `invalid_argument` for a definition that cannot be right, and what listing met. What
/// fails after the plan stands is in the report, and keeps nothing else back.
Result<ScanReport> run_scan(const ScanDefinition& scan,
                            const std::map<std::string, TaskDefinition>& tasks,
                            const ScanPorts& ports, const ScanOptions& options = {});

}  // namespace waybill
