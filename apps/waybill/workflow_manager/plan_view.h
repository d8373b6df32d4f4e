#pragma once

#include <boost/json/fwd.hpp>

#include "apps/waybill/cli/output.h"
#include "core/prio/workflow_flags.h"
#include "services/publish_report.h"

namespace waybill::cli {

/// The plan of a dry run: one object, for programs (schemas/cli.schema.json, `workflow_plan`).
boost::json::object plan_to_json(const PublishReport& report);
/// The same as tables for people.
void print_plan(Output& output, const PublishReport& report);

}  // namespace waybill::cli
