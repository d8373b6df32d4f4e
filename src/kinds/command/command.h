#pragma once

#include <memory>
#include <string_view>

#include "base/file_descriptor.h"
#include "base/result.h"
#include "kinds/command/environment.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {

struct CommandOptions {
  Environment environment;  ///< of every program, see inherited_environment()
};

/// Kind `command`: runs a program, as spec.schema.json says. Each run has a supervisor process,
/// which ends all that the program left behind, also when this process is killed.
class CommandKind final : public TaskKind {
 public:
  /// The clock outlives the kind.
  static Result<std::unique_ptr<CommandKind>> create(CommandOptions options, Clock& clock);

  std::string_view name() const override { return "command"; }
  Status check(const TaskRequest& request) const override;
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  CommandKind(CommandOptions options, FileDescriptor supervisor, Clock& clock)
      : options_(std::move(options)), supervisor_(std::move(supervisor)), clock_(clock) {}

  const CommandOptions options_;
  const FileDescriptor supervisor_;
  Clock& clock_;
};

}  // namespace waybill
