#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/artifact_files.h"
#include "kinds/command/cgroup.h"
#include "kinds/command/environment.h"
#include "kinds/command/run_record.h"
#include "kinds/command/spec.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {

/// Whether runs get cgroups where they can be made, or make do with rlimits and the supervisor.
enum class UseCgroups : std::uint8_t { where_possible, never };

/// How a supervisor finds its children: the kernel's list, where there is one
/// (CONFIG_PROC_CHILDREN), or always by a look at all processes.
enum class FindChildren : std::uint8_t { listed_where_possible, scanned };

struct CommandOptions {
  Environment environment;  ///< of every program, see inherited_environment()
  UseCgroups cgroups = UseCgroups::where_possible;
  FindChildren find_children = FindChildren::listed_where_possible;
};

/// Kind `command`: runs a program, as spec.schema.json says. Each run has a supervisor process,
/// which ends all that the program left behind, also when this process is killed.
class CommandKind final : public TaskKind {
 public:
  /// The clock outlives the kind.
  static Result<std::unique_ptr<CommandKind>> create(CommandOptions options, Clock& clock);
  /// `supervisor` is the program that runs beside each run; create() has opened it.
  CommandKind(CommandOptions options, FileDescriptor supervisor, Clock& clock);

  std::string_view name() const override { return "command"; }
  std::string_view spec_schema() const override { return command_spec_schema(); }
  /// What can be guarded here, for people.
  const CgroupRoots& cgroup_roots() const { return cgroups_.roots(); }
  Status check(const TaskRequest& request) const override;
  Outcome run(const Task& task, TaskContext& context) override;

  /// What a program made of one run, before anybody judges it.
  struct ProgramRun {
    RunRecord record;
    std::string result;  ///< JSON object of what it put out
    std::vector<ReportedArtifact> artifacts;
  };
  /// Runs a program by its spec with this environment (NAME=value); blocks until nothing of it is
  /// left. Thread-safe.
  Result<ProgramRun> run_program(const CommandSpec& spec, std::vector<std::string> environment,
                                 TaskContext& context);

 private:
  const CommandOptions options_;
  const FileDescriptor supervisor_;
  CgroupFactory cgroups_;
  Clock& clock_;
};

}  // namespace waybill
