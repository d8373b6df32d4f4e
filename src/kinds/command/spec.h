#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "core/artifact.h"
#include "core/task_input.h"

namespace waybill {

/// What an exit status says about a run.
enum class ExitMeaning : std::uint8_t { succeeded, transient, permanent };

/// EX_TEMPFAIL of sysexits.h: try again.
inline constexpr int kExitTransient = 75;

class Fields;

struct CommandLimits {
  std::optional<std::int64_t>
      memory_bytes;                      ///< of all processes together where a cgroup can be made
  std::optional<Duration> cpu;           ///< of each process; whole seconds, rounded up
  std::int64_t output_bytes = 10 << 20;  ///< kept of stdout and stderr together
  std::int64_t artifact_bytes = kArtifactBytesDefault;  ///< of all artifacts together
  std::int64_t input_bytes = kArtifactBytesDefault;     ///< of all files that it is given
  std::optional<std::int64_t> processes;                ///< at a time
  std::optional<std::int64_t> open_files;               ///< of each process
};

/// The spec of a task of kind `command`: spec.schema.json says what each field means.
struct CommandSpec {
  std::vector<std::string> argv;
  std::map<std::string, std::string> environment;
  std::map<std::string, std::string> secrets;  ///< variable of the environment to name of a secret
  std::string standard_input;
  std::string working_directory;  ///< empty: the scratch directory
  std::vector<TaskInput> inputs;  ///< files that it finds in WAYBILL_INPUTS
  Duration grace = std::chrono::seconds(10);
  CommandLimits limits;
  std::map<int, ExitMeaning> exit_codes;
  ExitMeaning exit_default = ExitMeaning::permanent;
};

/// The schema as text, to publish.
std::string_view command_spec_schema();

/// Reads and checks a spec. `invalid_argument` lists all that is wrong, with JSON pointers.
Result<CommandSpec> parse_command_spec(std::string_view json);

/// Reads what a program of any kind is told and may use: environment, secrets, stdin,
/// working_directory, inputs, grace, limits and exit_codes of an object that has passed its schema.
Status read_program_fields(const Fields& fields, CommandSpec& spec);
/// What of it execve can't take, or no limit can be; argv may be empty.
Status check_program(const CommandSpec& spec);

/// What an exit status other than 0 means by this spec.
ExitMeaning meaning_of_exit(const CommandSpec& spec, int status);

}  // namespace waybill
