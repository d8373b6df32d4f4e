#include "services/scanner.h"

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace waybill {
namespace {

void log_report(const ScanReport& report) {
  Duration took{};
  for (const Duration phase : report.took) took += phase;
  const auto failed =
      report.count(ScanOutcome::failed) + report.count(MarkerOutcome::failed) +
      std::count_if(report.closing.begin(), report.closing.end(), [](const ScannedClosing& window) {
        return window.marker == MarkerOutcome::failed;
      });
  const auto never = report.refused() + report.too_large();
  const log::Level level = failed + never > 0 ? log::Level::error : log::Level::info;
  log::write(level, "scan_done",
             failed + never == 0          ? "scan done"
             : failed == report.refused() ? "a scan found what can never be scheduled as it is"
                                          : "a scan could not schedule all; the next pass tries "
                                            "again",
             {{"scan", report.scan},
              {"objects", report.objects_listed},
              {"planned", report.tasks.size()},
              {"inserted", report.count(ScanOutcome::inserted)},
              {"duplicates", report.count(ScanOutcome::duplicate)},
              {"markers_written", report.count(MarkerOutcome::written)},
              {"skipped", report.skipped.size()},
              {"failed", failed},
              {"refused", report.refused()},
              {"too_large", report.too_large()},
              {"took", format_duration(took)}});
  for (const std::string& warning : report.warnings) {
    log::warn("scan_warning", warning, {{"scan", report.scan}});
  }
  const auto first = std::find_if(report.tasks.begin(), report.tasks.end(),
                                  [](const ScannedTask& task) { return !task.error.empty(); });
  if (first == report.tasks.end()) return;
  log::error("scan_task_failed", "the first of them",
             {{"scan", report.scan}, {"what", first->planned.what}, {"error", first->error}});
}

}  // namespace

Scanner::Scanner(ScanPorts ports, ScannerParams params)
    : ports_(std::move(ports)), params_(std::move(params)) {}

void Scanner::look_at_definitions() {
  auto now = params_.definitions();
  if (now == definitions_) return;
  std::vector<Turn> turns;
  for (const auto& [name, scan] : now->scans) {
    const auto before = std::ranges::find_if(
        turns_, [&wanted = scan](const Turn& turn) { return turn.scan == wanted; });
    turns.push_back(before == turns_.end() ? Turn{.scan = scan} : *before);
  }
  turns_ = std::move(turns);
  definitions_ = std::move(now);
}

Result<Duration> Scanner::step(const Deadline& deadline) {
  look_at_definitions();
  if (turns_.empty()) return until_next();
  if (const Duration wait = until_next(); wait > Duration(0)) return wait;
  Turn& turn = *std::min_element(turns_.begin(), turns_.end(),
                                 [](const Turn& a, const Turn& b) { return a.due < b.due; });
  turn.due = ports_.clock.steady_now() + std::min(turn.scan.every, params_.every_max);
  const Result<ScanReport> report =
      run_scan(turn.scan, definitions_->tasks, ports_, ScanOptions{.stop = deadline.stop});
  if (report) {
    log_report(*report);
  } else if (report.error().code != Code::cancelled) {
    log::error("scan_failed", "a scan failed; the next pass tries again",
               {{"scan", turn.scan.name}, {"error", report.error().message}});
  }
  if (params_.observer) params_.observer(turn.scan.name, report);
  return until_next();
}

Duration Scanner::until_next() const {
  SteadyTime first = kSteadyTimeMax;
  for (const Turn& turn : turns_) first = std::min(first, turn.due);
  const SteadyTime now = ports_.clock.steady_now();
  if (params_.look_every) first = std::min(first, now + *params_.look_every);
  return std::max(first - now, Duration(0));
}

}  // namespace waybill
