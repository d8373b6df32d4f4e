#include "apps/waybill/commands/commands.h"

#include <iterator>

namespace waybill::cli {

std::vector<Command> all_commands() {
  std::vector<Command> commands = {
      up_command(),        scan_command(),      worker_command(),      task_create_command(),
      task_list_command(), task_show_command(), task_cancel_command(), task_retry_command(),
      task_logs_command(), task_wait_command(), task_why_command(),
  };
  for (const auto& group :
       {queue_commands(), schedule_commands(), db_commands(), config_commands()}) {
    commands.insert(commands.end(), group.begin(), group.end());
  }
  commands.push_back(bench_command());
  commands.push_back(version_command());
  return commands;
}

}  // namespace waybill::cli
