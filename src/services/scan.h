#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "core/definition.h"
#include "ports/clock.h"
#include "ports/dedup_keys.h"
#include "ports/ledger.h"
#include "ports/object_store.h"
#include "services/scan_buckets.h"
#include "services/scan_report.h"

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
  CheckTask check_task;             ///< empty: check_request alone decides
  DedupKeys* dedup_keys = nullptr;  ///< of the same ledger; none is needed for a dry run
};

struct ScanOptions {
  ScanMode mode = ScanMode::real;
  std::optional<Time> now;          ///< the time the scan is made for; none: the clock's
  std::size_t insert_batch = 1000;  ///< tasks inserted by one call of the ledger
  /// Told how far a phase is, now and then; `total` is zero where nobody knows it. May be empty.
  std::function<void(ScanPhase phase, std::int64_t done, std::int64_t total)> progress;
  std::stop_token stop{};  ///< what is left when it is asked for stays `planned`
};

/// One pass of a scan: lists, plans, inserts the tasks under their markers as dedup keys for ever,
/// and then writes the marker of each that is accepted. Safe to repeat and to run beside others:
/// cut off anywhere, the next pass does what is missing, and nothing twice. Before it inserts a
/// part of a window it asks the ledger whether a task has the whole one, and writes that one's
/// marker instead. (Two passes at once of which one has not seen the validation that makes the
/// window too large can still make both: the ledger knows no keys that exclude one another.)
///
/// An error means that nothing was written: `not_found` for a task definition or bucket that is
/// missing, `invalid_argument` for a definition that cannot be right, and what listing met. What
/// fails after the plan stands is in the report, and keeps nothing else back.
Result<ScanReport> run_scan(const ScanDefinition& scan,
                            const std::map<std::string, TaskDefinition>& tasks,
                            const ScanPorts& ports, const ScanOptions& options = {});

}  // namespace waybill
