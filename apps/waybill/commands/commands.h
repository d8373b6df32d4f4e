#pragma once

#include <vector>

#include "apps/waybill/cli/command.h"

namespace waybill::cli {

/// Every command, in the order of the overview.
std::vector<Command> all_commands();

Command up_command();
Command scan_command();
Command worker_command();
Command serve_command();
Command task_create_command();
Command task_list_command();
Command task_show_command();
Command task_cancel_command();
Command task_edit_command();
Command task_retry_command();
Command task_logs_command();
Command task_wait_command();
Command task_why_command();
std::vector<Command> artifact_commands();
std::vector<Command> provenance_commands();
std::vector<Command> export_commands();
std::vector<Command> pipeline_commands();
std::vector<Command> run_commands();
std::vector<Command> run_change_commands();
std::vector<Command> queue_commands();
std::vector<Command> schedule_commands();
std::vector<Command> schedule_control_commands();
std::vector<Command> session_commands();
std::vector<Command> token_commands();
Command audit_list_command();
std::vector<Command> secret_commands();
std::vector<Command> webhook_commands();
std::vector<Command> db_commands();
Command definitions_check_command();
Command definitions_sync_command();
Command definitions_list_command();
Command definitions_show_command();
Command db_copy_command();
std::vector<Command> config_commands();
Command replay_command();
Command bench_command();
Command version_command();

}  // namespace waybill::cli
