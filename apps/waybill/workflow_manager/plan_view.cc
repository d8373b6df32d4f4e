#include "apps/waybill/workflow_manager/plan_view.h"

#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kSkippedShownMax = 200;

}  // namespace

bj::object plan_to_json(const PublishReport& report) {
  bj::array tasks;
  for (const PlannedTask& task : report.plan.tasks) {
    const auto message = json::parse(task.params);
    tasks.push_back(bj::object{{"task", task.task},
                               {"id", to_string(task.id)},
                               {"marker", task.marker},
                               {"message", message ? *message : bj::value(nullptr)}});
  }
  bj::array skipped;
  for (const Skipped& skip : report.plan.skipped) {
    skipped.push_back(bj::object{{"what", skip.what},
                                 {"reason", json::text(to_string(skip.reason))},
                                 {"detail", skip.detail}});
  }
  bj::object counts;
  for (const auto& [name, count] : report.counts) counts[name] = count;
  bj::array warnings;
  for (const std::string& warning : report.plan.warnings) warnings.emplace_back(warning);
  for (const std::string& error : report.list_errors) warnings.emplace_back(error);
  return {{"now", time_to_json(report.now)},
          {"complete", report.complete()},
          {"objects_listed", report.tally.objects_listed},
          {"tasks", std::move(tasks)},
          {"skipped", std::move(skipped)},
          {"counts", std::move(counts)},
          {"warnings", std::move(warnings)}};
}

void print_plan(Output& output, const PublishReport& report) {
  Table tasks({"TASK", "ID", "WHAT"});
  for (const PlannedTask& task : report.plan.tasks) {
    tasks.add({task.task, to_string(task.id), task.what});
  }
  Table skipped({"SKIPPED", "WHAT", "WHY"});
  std::size_t shown = 0;
  for (const Skipped& skip : report.plan.skipped) {
    if (++shown > kSkippedShownMax) break;
    skipped.add({{std::string(to_string(skip.reason)), Colour::yellow}, skip.what, skip.detail});
  }
  std::string text = tasks.empty() ? "nothing to publish\n" : tasks.text(output);
  if (!skipped.empty()) text += "\n" + skipped.text(output);
  if (report.plan.skipped.size() > kSkippedShownMax) {
    text += "… and " + std::to_string(report.plan.skipped.size() - kSkippedShownMax) +
            " more; see --json\n";
  }
  output.data(text);
}

}  // namespace waybill::cli
