#pragma once

#include <string>
#include <vector>

namespace waybill::cli {

/// `waybill workflow-manager`: takes the place of Prio's program of that name, so its command line,
/// log and exit statuses are that program's and not ours. Arguments without `workflow-manager`.
int run_workflow_manager(const std::vector<std::string>& arguments);

std::string workflow_manager_help();

}  // namespace waybill::cli
