#include "apps/waybill/commands/task_ids.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace waybill::cli {
namespace {

constexpr std::size_t kPrefixMin = 4;
constexpr std::string_view kDashedLow = "00000000-0000-0000-0000-000000000000";
constexpr std::string_view kDashedHigh = "ffffffff-ffff-ffff-ffff-ffffffffffff";

/// The lowest or highest id that begins with `prefix`, or an error if none can.
Result<Uuid> bound(const std::string& prefix, std::string_view filling) {
  if (prefix.size() > filling.size()) {
    return fail(Code::invalid_argument, "\"" + prefix + "\" is no task id: too long");
  }
  return parse_uuid(prefix + std::string(filling.substr(prefix.size())));
}

}  // namespace

Result<Task> find_task(LedgerReader& reader, const std::string& text) {
  const std::string prefix = to_lower(text);
  const auto first = bound(prefix, kDashedLow);
  const auto last = bound(prefix, kDashedHigh);
  if (prefix.size() < kPrefixMin || !first || !last) {
    return fail(Code::invalid_argument, "\"" + text +
                                            "\" is no task id: give all of it, or its first " +
                                            std::to_string(kPrefixMin) +
                                            " or more characters; list tasks with `waybill "
                                            "task list`");
  }
  if (*first == *last) {
    auto task = reader.get(*first);
    if (task || task.error().code != Code::not_found) return task;
  }
  const auto page = reader.page({.filter = {.id_first = *first, .id_last = *last}, .limit = 2});
  if (!page) return fail(page.error());
  std::vector<Uuid> ids;
  for (const Task& task : page->tasks) ids.push_back(task.id());
  for (const auto& damaged : page->damaged) ids.push_back(damaged.id);
  if (ids.empty()) {
    return fail(Code::not_found, "no task " + text + "; list them with `waybill task list`");
  }
  if (ids.size() > 1) {
    return fail(Code::invalid_argument, "more than one task begins with " + text + ": " +
                                            to_string(ids[0]) + ", " + to_string(ids[1]) +
                                            "; give more of its id");
  }
  if (page->tasks.empty()) {
    return fail(Code::data_loss, "task " + to_string(ids[0]) + ": " + page->damaged[0].what);
  }
  return page->tasks[0];
}

Result<std::vector<Task>> find_tasks(LedgerReader& reader, const std::vector<std::string>& texts) {
  std::vector<Task> tasks;
  for (const std::string& text : texts) {
    auto task = find_task(reader, text);
    if (!task) return fail(task.error());
    tasks.push_back(std::move(*task));
  }
  return tasks;
}

}  // namespace waybill::cli
