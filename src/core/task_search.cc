#include "core/task_search.h"

#include <algorithm>

namespace waybill {

bool has_labels(const Task& task, const Labels& labels) {
  const Labels& own = task.request.labels;
  return std::ranges::all_of(
      labels, [&](const auto& label) { return std::ranges::find(own, label) != own.end(); });
}

bool mentions(const Task& task, std::string_view text) {
  const auto says = [&](std::string_view where) { return where.find(text) != where.npos; };
  const TaskRequest& request = task.request;
  return says(request.definition) || says(request.params) || says(request.spec) ||
         says(task.status.error) || says(task.status.result) ||
         std::ranges::any_of(request.labels, [&](const auto& label) {
           return says(label.first) || says(label.second);
         });
}

}  // namespace waybill
