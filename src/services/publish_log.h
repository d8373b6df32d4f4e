#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"
#include "core/prio/planner.h"
#include "core/scan_plan.h"
#include "services/publish_report.h"

namespace waybill {

/// What a planned task's message says of it.
struct TaskSubject {
  std::string aggregation_id;
  std::string batch_id;     ///< intake only
  std::string batch;        ///< intake only: as workflow-manager prints it
  std::size_t batches = 0;  ///< aggregation only
  std::string window;       ///< aggregation only: "2020/10/31/06/00 to 2020/10/31/09/00"
};
TaskSubject subject_of(const PlannedTask& task);
/// The same of an intake whose batch is known: nothing has to be read.
TaskSubject subject_of(const prio::NamedBatch& batch);

// The lines of workflow-manager's log, in its words.
void log_scheduling(const PlannedTask& task, const TaskSubject& subject);
void log_publish_failed(const PlannedTask& task, const Error& error);
void log_marker_failed(const PlannedTask& task, const Error& error);
/// What was found, skipped and warned of; so many warnings, from the first, are of aggregations
/// that are too large, which are errors. `latest`: the window to aggregate.
void log_plan(const Plan& plan, std::size_t too_large, const prio::Window& latest);
/// How many were skipped and scheduled, for each aggregation id.
void log_counts(const PublishReport& report);

}  // namespace waybill
