#pragma once

#include <functional>

#include "apps/waybill/cli/output.h"
#include "services/publish_report.h"

namespace waybill::cli {

/// The plan of a dry run: one object, for programs (schemas/cli.schema.json, `workflow_plan`).
/// Written task by task: a plan may be longer than memory is wide. `each` sees every task too, in
/// this order, because making them is most of the work.
void print_plan_as_json(Output& output, const PublishReport& report,
                        const std::function<void(const PlannedTask&)>& each);
/// The same as tables for people.
void print_plan(Output& output, const PublishReport& report,
                const std::function<void(const PlannedTask&)>& each);

}  // namespace waybill::cli
