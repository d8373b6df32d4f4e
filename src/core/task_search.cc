#include "core/task_search.h"

#include <algorithm>

namespace waybill {

bool has_labels(const Labels& own, const Labels& labels) {
  return std::ranges::all_of(
      labels, [&](const auto& label) { return std::ranges::find(own, label) != own.end(); });
}

bool has_labels(const Task& task, const Labels& labels) {
  return has_labels(task.request.labels, labels);
}

namespace {

/// Fewer characters stand in many an id by chance: any three digits in one of 140.
constexpr std::size_t kIdPartMin = 8;

bool is_of_id(std::string_view text, std::string_view id) {
  return id.starts_with(text) || (text.size() >= kIdPartMin && id.find(text) != id.npos);
}

}  // namespace

bool mentions(const Task& task, std::string_view text) {
  const auto says = [&](std::string_view where) { return where.find(text) != where.npos; };
  const TaskRequest& request = task.request;
  return says(request.kind) || says(request.definition) || says(request.params) ||
         says(request.spec) || says(task.status.error) || says(task.status.result) ||
         std::ranges::any_of(
             request.labels,
             [&](const auto& label) { return says(label.first) || says(label.second); }) ||
         is_of_id(text, to_string(request.id));
}

}  // namespace waybill
