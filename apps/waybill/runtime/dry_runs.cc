#include "apps/waybill/runtime/dry_runs.h"

#include <stop_token>
#include <string>

#include "apps/waybill/runtime/buckets.h"
#include "apps/waybill/runtime/unused_ledger.h"
#include "services/scan.h"

namespace waybill::cli {
namespace {

/// While it lives nobody else plans.
class Turn {
 public:
  explicit Turn(std::atomic<bool>& is_busy) : is_busy_(is_busy) {}
  ~Turn() { is_busy_ = false; }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

 private:
  std::atomic<bool>& is_busy_;
};

}  // namespace

Result<ScanReport> DryRuns::plan(const ScanDefinition& scan, const Definitions& definitions) {
  if (is_busy_.exchange(true)) {
    return fail(Code::unavailable, "another dry run is under way; try again when it is done");
  }
  const Turn turn(is_busy_);
  UnusedLedger unused;
  const ScanPorts ports{
      .ledger = unused,
      .clock = clock_,
      .open_bucket = bucket_opener(clock_),
      .check_task = [this](const TaskRequest& request) { return kinds_.check(request); }};
  const SteadyTime end = clock_.steady_now() + kDryRunMax;
  std::stop_source late;
  const ScanOptions options{.mode = ScanMode::dry_run,
                            .now = {},
                            .progress =
                                [&](ScanPhase, std::int64_t, std::int64_t) {
                                  if (stops_ || clock_.steady_now() > end) late.request_stop();
                                },
                            .stop = late.get_token()};
  auto report = run_scan(scan, definitions.tasks, ports, options);
  if (report || report.error().code != Code::cancelled) return report;
  if (stops_) return fail(Code::unavailable, "the server ends; try again when it is back");
  return fail(Code::unavailable, "it took longer than " + format_duration(kDryRunMax) +
                                     "; run `waybill scan " + scan.name +
                                     " --dry-run --json` instead, and open what it says");
}

}  // namespace waybill::cli
