#include "apps/waybill/commands/commands.h"

#include <iterator>

namespace waybill::cli {
namespace {

/// For the lists of commands only: run_program hands its command line on before it is read as ours.
Command workflow_manager_command() {
  return {.path = "workflow-manager",
          .summary = "Take the place of Prio's workflow-manager: one pass, without a ledger",
          .examples = {"waybill workflow-manager --config prio.yaml --dry-run"},
          .details = "Its flags are workflow-manager's: waybill workflow-manager --help",
          .run = [](Session&, const Invocation&) -> Exit {
            return fail(Code::internal, "workflow-manager reads its own command line");
          }};
}

}  // namespace

std::vector<Command> all_commands() {
  std::vector<Command> commands = {
      up_command(),          serve_command(),      scan_command(),      worker_command(),
      task_create_command(), task_list_command(),  task_show_command(), task_cancel_command(),
      task_edit_command(),   task_retry_command(), task_logs_command(), task_wait_command(),
      task_why_command(),
  };
  const std::vector<Command> definitions = {definitions_check_command(), definitions_sync_command(),
                                            definitions_list_command(), definitions_show_command()};
  for (const auto& group :
       {definitions, artifact_commands(), provenance_commands(), pipeline_commands(),
        run_commands(), run_change_commands(), export_commands(), queue_commands(),
        schedule_commands(), schedule_control_commands(), session_commands(), token_commands(),
        secret_commands(), webhook_commands(), db_commands(), config_commands()}) {
    commands.insert(commands.end(), group.begin(), group.end());
  }
  commands.push_back(audit_list_command());
  commands.push_back(workflow_manager_command());
  commands.push_back(replay_command());
  commands.push_back(bench_command());
  commands.push_back(version_command());
  return commands;
}

}  // namespace waybill::cli
