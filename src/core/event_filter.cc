#include "core/event_filter.h"

#include "core/name_filter.h"
#include "core/task_search.h"

namespace waybill {

TaskTraits traits_of(const TaskRequest& task) {
  return {.kind = task.kind,
          .definition = task.definition,
          .created_by = task.created_by,
          .labels = task.labels};
}

bool wants_change(const EventFilter& filter, const Uuid& task, std::string_view queue,
                  State state) {
  return (!filter.task || *filter.task == task) && accepts(filter.queues, queue) &&
         accepts(filter.states, state);
}

bool wants_all(const EventFilter& filter) {
  return !filter.task && filter.queues.empty() && filter.states.empty() && !asks_for_task(filter);
}

bool asks_for_task(const EventFilter& filter) {
  return !filter.kinds.empty() || !filter.definitions.empty() || !filter.created_by.empty() ||
         !filter.labels.empty();
}

bool wants_task(const EventFilter& filter, const TaskTraits& task) {
  return accepts(filter.kinds, task.kind) && accepts(filter.definitions, task.definition) &&
         accepts(filter.created_by, task.created_by) && has_labels(task.labels, filter.labels);
}

}  // namespace waybill
