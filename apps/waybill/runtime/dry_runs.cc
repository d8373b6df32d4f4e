#include "apps/waybill/runtime/dry_runs.h"

#include <string>
#include <thread>

#include "apps/waybill/runtime/buckets.h"
#include "apps/waybill/runtime/unused_ledger.h"
#include "services/guarded_thread.h"
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
  std::stop_source late;
  const std::stop_callback ends(stops_.get_token(), [&late] { late.request_stop(); });
  const std::jthread limit = guarded_thread("dry_run", [&](const std::stop_token& done) {
    clock_.wait_until(clock_.steady_now() + kDryRunMax, done);
    if (!done.stop_requested()) late.request_stop();
  });
  UnusedLedger unused;
  const ScanPorts ports{
      .ledger = unused,
      .clock = clock_,
      .open_bucket = bucket_opener(clock_, late.get_token()),
      .check_task = [this](const TaskRequest& request) { return kinds_.check(request); }};
  const ScanOptions options{
      .mode = ScanMode::dry_run, .now = {}, .progress = {}, .stop = late.get_token()};
  auto report = run_scan(scan, definitions.tasks, ports, options);
  if (report || !late.stop_requested()) return report;
  if (stops_.stop_requested()) {
    return fail(Code::unavailable, "the server ends; try again when it is back");
  }
  return fail(Code::unavailable, "it took longer than " + format_duration(kDryRunMax) +
                                     "; run `waybill scan " + scan.name +
                                     " --dry-run --json` instead, and open what it says");
}

}  // namespace waybill::cli
