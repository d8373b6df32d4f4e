#pragma once

#include <atomic>
#include <stop_token>

#include "apps/waybill/kinds.h"
#include "base/result.h"
#include "core/definition.h"
#include "ports/clock.h"
#include "services/scan_report.h"

namespace waybill::cli {

/// How long a dry run may take that somebody waits for.
inline constexpr Duration kDryRunMax = std::chrono::minutes(1);

/// Dry runs of scans in a server. Thread-safe.
class DryRuns {
 public:
  /// Both outlive it.
  DryRuns(const Kinds& kinds, Clock& clock) : kinds_(kinds), clock_(clock) {}

  /// Lists and plans; writes nothing. `unavailable` while another one is under way, and if it took
  /// longer than kDryRunMax; other errors as run_scan.
  Result<ScanReport> plan(const ScanDefinition& scan, const Definitions& definitions);
  /// Ends the one that is under way.
  void stop() { stops_.request_stop(); }

 private:
  const Kinds& kinds_;
  Clock& clock_;
  std::atomic<bool> is_busy_ = false;
  std::stop_source stops_;
};

}  // namespace waybill::cli
