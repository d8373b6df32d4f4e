#include "apps/waybill/commands/scan_view.h"

#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kShownMax = 200;

Cell outcome_cell(const ScannedTask& task) {
  const std::string text(to_string(task.outcome));
  if (task.outcome == ScanOutcome::failed) return {text, Colour::red};
  if (task.outcome == ScanOutcome::inserted) return {text, Colour::green};
  return {text, Colour::grey};
}

std::string tasks_table(const Output& output, const ScanReport& report) {
  Table table({"SCHEDULED", "TASK", "ID", "WHAT", ""});
  for (const ScannedTask& task : report.tasks) {
    table.add({outcome_cell(task),
               task.planned.task,
               to_string(task.id),
               task.planned.what,
               {task.error, Colour::red}});
  }
  return table.empty() ? "" : table.text(output);
}

std::string skipped_table(const Output& output, const ScanReport& report) {
  Table table({"SKIPPED", "WHAT", "WHY"});
  std::size_t shown = 0;
  for (const Skipped& skipped : report.skipped) {
    if (++shown > kShownMax) break;
    table.add(
        {{std::string(to_string(skipped.reason)), Colour::yellow}, skipped.what, skipped.detail});
  }
  if (table.empty()) return "";
  std::string text = table.text(output);
  if (report.skipped.size() > kShownMax) {
    text += "… and " + std::to_string(report.skipped.size() - kShownMax) + " more; see --json\n";
  }
  return text;
}

std::string summary(const ScanReport& report) {
  Duration took{};
  for (const Duration phase : report.took) took += phase;
  const bool dry = report.mode == ScanMode::dry_run;
  const std::int64_t failed = report.count(ScanOutcome::failed);
  std::string text =
      "scan " + report.scan + ": " + counted(report.objects_listed, "object") + " listed, ";
  text += dry ? counted(static_cast<std::int64_t>(report.tasks.size()), "task") + " planned"
              : counted(report.count(ScanOutcome::inserted), "task") + " scheduled, " +
                    std::to_string(report.count(ScanOutcome::duplicate)) + " there already";
  if (failed > 0) text += ", " + std::to_string(failed) + " failed";
  return text + ", " + std::to_string(report.skipped.size()) + " skipped, in " + rounded(took);
}

}  // namespace

bj::object scan_to_json(const ScanReport& report) {
  bj::array tasks;
  for (const ScannedTask& task : report.tasks) {
    tasks.push_back(
        bj::object{{"id", to_string(task.id)},
                   {"task", task.planned.task},
                   {"marker", task.marker_name()},
                   {"what", task.planned.what},
                   {"params", text_to_json(task.planned.params)},
                   {"outcome", json::text(to_string(task.outcome))},
                   {"marker_outcome", json::text(to_string(task.marker))},
                   {"error", task.error.empty() ? bj::value(nullptr) : bj::value(task.error)}});
  }
  bj::array skipped;
  for (const Skipped& skip : report.skipped) {
    skipped.push_back(bj::object{{"what", skip.what},
                                 {"reason", json::text(to_string(skip.reason))},
                                 {"detail", skip.detail}});
  }
  bj::array warnings;
  for (const std::string& warning : report.warnings) warnings.emplace_back(warning);
  bj::object counts;
  for (const auto& [name, count] : report.counts) counts[name] = count;
  bj::object took;
  for (int phase = 0; phase < kScanPhaseCount; ++phase) {
    took[json::text(to_string(static_cast<ScanPhase>(phase)))] =
        static_cast<double>(report.took[phase].count()) / 1e6;
  }
  return {{"scan", report.scan},
          {"now", time_to_json(report.now)},
          {"dry_run", report.mode == ScanMode::dry_run},
          {"complete", report.complete()},
          {"objects_listed", report.objects_listed},
          {"tasks", std::move(tasks)},
          {"skipped", std::move(skipped)},
          {"counts", std::move(counts)},
          {"warnings", std::move(warnings)},
          {"took_seconds", std::move(took)}};
}

std::string too_large(const ScanReport& report) {
  return counted(report.too_large(), "aggregation") +
         " can never be scheduled, the first: " + report.warnings.front();
}

void print_scan(Output& output, const ScanReport& report) {
  const std::string tasks = tasks_table(output, report);
  const std::string skipped = skipped_table(output, report);
  output.data(tasks + (tasks.empty() || skipped.empty() ? "" : "\n") + skipped);
  for (const std::string& warning : report.warnings) output.note("warning: " + warning);
  output.note(summary(report));
}

}  // namespace waybill::cli
