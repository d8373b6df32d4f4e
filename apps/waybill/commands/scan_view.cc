#include "apps/waybill/commands/scan_view.h"

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/views.h"

namespace waybill::cli {
namespace {

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
