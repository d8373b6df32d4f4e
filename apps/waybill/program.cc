#include "apps/waybill/program.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "adapters/local/system_clock.h"
#include "adapters/yaml/yaml.h"
#include "apps/waybill/cli/command_line.h"
#include "apps/waybill/cli/help.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/environment.h"
#include "apps/waybill/session.h"
#include "apps/waybill/workflow_manager/workflow_manager.h"
#include "base/log.h"

namespace waybill::cli {
namespace {

Variables our_variables(const Variables& environment) {
  Variables ours;
  for (const auto& [name, value] : environment) {
    if (name.starts_with("WAYBILL_")) ours.emplace(name, value);
  }
  return ours;
}

/// The file of settings: --config, WAYBILL_CONFIG, or waybill.yaml if it is there.
Result<std::optional<yaml::Reading>> read_config_file(const Invocation& invocation,
                                                      const Variables& environment) {
  std::string path = invocation.text("config");
  if (path.empty()) path = variable_in(environment, "WAYBILL_CONFIG");
  std::error_code ignored;
  if (path.empty() && !std::filesystem::exists("waybill.yaml", ignored)) return std::nullopt;
  auto reading = yaml::read_file(path.empty() ? "waybill.yaml" : path);
  if (!reading) return fail(reading.error());
  return std::optional(std::move(*reading));
}

Result<ConfigLoad> read_config(const Command& command, const Invocation& invocation) {
  const Variables environment = process_environment();
  const auto file = read_config_file(invocation, environment);
  if (!file) return fail(file.error());
  ConfigSources sources{.environment = our_variables(environment)};
  for (const ConfigEntry& entry : config_entries()) {
    const std::string flag = flag_of(entry);
    if (is_own_option(command, invocation, flag)) continue;
    if (invocation.has(flag)) sources.flags[std::string(entry.name)] = invocation.text(flag);
  }
  std::vector<Problem> problems;
  if (*file) {
    problems = (*file)->problems;
    if (problems.empty()) sources.file = &(*file)->document;
  }
  ConfigLoad load = load_config(sources);
  load.problems.insert(load.problems.begin(), problems.begin(), problems.end());
  if (load.problems.empty()) return load;
  std::string message = "the settings have problems:";
  for (const Problem& problem : load.problems) message += "\n  " + to_string(problem);
  return fail(Code::invalid_argument, message);
}

void configure_log(const ConfigLoad& load, const OutputMode& mode) {
  using log::Format;
  using log::Level;
  const Config& config = load.config;
  Level level = Level::info;
  if (config.log_level == "debug") level = Level::debug;
  if (config.log_level == "warn") level = Level::warn;
  if (config.log_level == "error") level = Level::error;
  if (config.log_level == "off") level = Level::off;
  const bool is_asked_for = load.values.at("log_level").origin == ConfigOrigin::flag;
  if (mode.quiet && !is_asked_for) level = std::max(level, Level::error);
  const bool human =
      config.log_format == "human" || (config.log_format == "auto" && ::isatty(STDERR_FILENO) == 1);
  log::configure(level, human ? Format::human : Format::json);
}

bool wants_json(const std::vector<std::string>& arguments) {
  const auto end = std::find(arguments.begin(), arguments.end(), "--");
  return std::find(arguments.begin(), end, "--json") != end;
}

Exit run_command(const Parsed& parsed, const OutputMode& mode) {
  auto config = read_config(*parsed.command, parsed.invocation);
  if (!config) return fail(config.error());
  configure_log(*config, mode);
  SystemClock clock;
  Session session(
      {.config = std::move(*config), .mode = mode, .clock = clock, .seed = Rng::system_seed()});
  return parsed.command->run(session, parsed.invocation);
}

}  // namespace

int run_program(const std::vector<std::string>& arguments) {
  // Its command line is another program's: read as Go reads flags.
  if (!arguments.empty() && arguments[0] == "workflow-manager") {
    return run_workflow_manager({arguments.begin() + 1, arguments.end()});
  }
  OutputMode mode = detect_output_mode();
  mode.json = wants_json(arguments);
  Output output(mode);
  const std::vector<Command> commands = all_commands();
  const auto parsed = parse_command_line(commands, arguments);
  if (!parsed) {
    output.error(parsed.error());
    return exit_status(parsed.error().code);
  }
  if (parsed->command == nullptr) {
    output.data(overview(commands, parsed->topic));
    return 0;
  }
  if (parsed->invocation.has("help")) {
    output.data(command_help(*parsed->command));
    return 0;
  }
  mode.quiet = parsed->invocation.has("quiet");
  Exit exit = run_command(*parsed, mode);
  if (exit && std::ferror(stdout) != 0) {
    exit = fail(Code::unavailable, "writing to stdout failed: what it got is not complete");
  }
  if (exit) return *exit;
  output.error(exit.error());
  return exit_status(exit.error().code);
}

}  // namespace waybill::cli
