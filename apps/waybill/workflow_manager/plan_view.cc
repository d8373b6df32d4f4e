#include "apps/waybill/workflow_manager/plan_view.h"

#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kSkippedShownMax = 200;
constexpr std::size_t kWrittenBytes = 64 << 10;

/// Text that is written out when there is enough of it.
class Pieces {
 public:
  explicit Pieces(Output& output) : output_(output) {}

  void add(std::string_view text) {
    text_ += text;
    if (text_.size() >= kWrittenBytes) flush();
  }
  void flush() {
    output_.data(text_);
    text_.clear();
  }

 private:
  Output& output_;
  std::string text_;
};

bj::object task_to_json(const PlannedTask& task) {
  const auto message = json::parse(task.params);
  return {{"task", task.task},
          {"id", to_string(task.id)},
          {"marker", task.marker},
          {"message", message ? *message : bj::value(nullptr)}};
}

bj::object skip_to_json(const Skipped& skip) {
  return {
      {"what", skip.what}, {"reason", json::text(to_string(skip.reason))}, {"detail", skip.detail}};
}

/// What comes after what was skipped.
bj::object rest_to_json(const PublishReport& report) {
  bj::object counts;
  for (const auto& [name, count] : report.counts) counts[name] = count;
  bj::array warnings;
  for (const std::string& warning : report.plan.warnings) warnings.emplace_back(warning);
  for (const std::string& error : report.list_errors) warnings.emplace_back(error);
  return {{"counts", std::move(counts)}, {"warnings", std::move(warnings)}};
}

std::vector<Cell> row_of(const PlannedTask& task) {
  return {task.task, to_string(task.id), task.what};
}

}  // namespace

void print_plan_as_json(Output& output, const PublishReport& report,
                        const std::function<void(const PlannedTask&)>& each) {
  Pieces pieces(output);
  std::string head = json::serialize(bj::object{{"now", time_to_json(report.now)},
                                                {"complete", report.complete()},
                                                {"objects_listed", report.tally.objects_listed}});
  head.pop_back();  // the object goes on
  pieces.add(head + ",\"tasks\":[");
  std::string_view between;
  report.tasks->for_each([&](const PlannedTask& task) {
    each(task);
    pieces.add(between);
    pieces.add(json::serialize(task_to_json(task)));
    between = ",";
  });
  pieces.add("],\"skipped\":[");
  between = "";
  for (const Skipped& skip : report.plan.skipped) {
    pieces.add(between);
    pieces.add(json::serialize(skip_to_json(skip)));
    between = ",";
  }
  pieces.add("]," + json::serialize(rest_to_json(report)).substr(1) + "\n");
  pieces.flush();
}

void print_plan(Output& output, const PublishReport& report,
                const std::function<void(const PlannedTask&)>& each) {
  Pieces pieces(output);
  if (report.tasks->size() == 0) {
    pieces.add("nothing to publish\n");
  } else {
    TableColumns columns({"TASK", "ID", "WHAT"});
    // One intake is as wide as the next but for the last column, which nothing follows.
    const std::size_t intakes = report.tasks->intakes();
    report.tasks->for_each([&](const PlannedTask& task) { columns.widen(row_of(task)); },
                           intakes - std::min<std::size_t>(intakes, 1));
    pieces.add(columns.head(output));
    report.tasks->for_each([&](const PlannedTask& task) {
      each(task);
      pieces.add(columns.line(row_of(task), output));
    });
  }
  Table skipped({"SKIPPED", "WHAT", "WHY"});
  std::size_t shown = 0;
  for (const Skipped& skip : report.plan.skipped) {
    if (++shown > kSkippedShownMax) break;
    skipped.add({{std::string(to_string(skip.reason)), Colour::yellow}, skip.what, skip.detail});
  }
  if (!skipped.empty()) pieces.add("\n" + skipped.text(output));
  if (report.plan.skipped.size() > kSkippedShownMax) {
    pieces.add("… and " + std::to_string(report.plan.skipped.size() - kSkippedShownMax) +
               " more; see --json\n");
  }
  pieces.flush();
}

}  // namespace waybill::cli
