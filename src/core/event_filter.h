#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.h"
#include "core/task.h"

namespace waybill {

/// What a task is, as far as changes are chosen by it; none of it changes after its creation.
struct TaskTraits {
  std::string kind;
  std::string definition;
  std::string created_by;
  Labels labels;
};
TaskTraits traits_of(const TaskRequest& task);

/// Which changes somebody wants to be told of. Empty fields do not filter.
struct EventFilter {
  std::vector<std::string> queues;
  std::vector<State> states;  ///< after the change
  std::optional<Uuid> task;
  std::vector<std::string> kinds;
  std::vector<std::string> definitions;
  std::vector<std::string> created_by;
  Labels labels;  ///< all of them; see has_labels
};

/// As far as the change itself says that.
bool wants_change(const EventFilter& filter, const Uuid& task, std::string_view queue, State state);
/// Whether it lets every change through.
bool wants_all(const EventFilter& filter);
/// Whether what the task is matters.
bool asks_for_task(const EventFilter& filter);
bool wants_task(const EventFilter& filter, const TaskTraits& task);

}  // namespace waybill
