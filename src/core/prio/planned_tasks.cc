#include "core/prio/planned_tasks.h"

#include <algorithm>
#include <utility>

#include "core/prio/words.h"

namespace waybill::prio {

PlannedTasks::PlannedTasks(Listed listed, PlanOfRecords&& records)
    : listed_(std::move(listed)),
      intakes_(std::move(records.intakes)),
      aggregates_(std::move(records.aggregates)) {}

PlannedTask PlannedTasks::take(std::size_t index) {
  if (index < intakes_.size()) return intake(index);
  return std::move(aggregates_[index - intakes_.size()]);
}

void PlannedTasks::for_each(const std::function<void(const PlannedTask&)>& each,
                            std::size_t first) const {
  for (std::size_t i = first; i < intakes_.size(); ++i) each(intake(i));
  for (std::size_t i = std::max(first, intakes_.size()); i < size(); ++i) {
    each(aggregates_[i - intakes_.size()]);
  }
}

NamedBatch PlannedTasks::batch(std::size_t index) const {
  return name_of(listed_, listed_.batches[intakes_[index]]);
}

PlannedTask PlannedTasks::intake(std::size_t index) const {
  return intake_task(batch(index), listed_.scan.intake_task);
}

}  // namespace waybill::prio
