#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "kinds/command/container_engine.h"
#include "kinds/command/container_spec.h"
#include "ports/task_kind.h"

namespace waybill {

/// Kind `container`: runs a program of an image, as container.schema.json says, contained as
/// docs/reference/containers.md promises.
class ContainerKind final : public TaskKind {
 public:
  /// One that knows its specs, and runs none.
  ContainerKind() = default;
  explicit ContainerKind(std::shared_ptr<ContainerEngine> engine) : engine_(std::move(engine)) {}

  std::string_view name() const override { return "container"; }
  std::string_view spec_schema() const override { return container_spec_schema(); }
  Status check(const TaskRequest& request) const override;
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const std::shared_ptr<ContainerEngine>
      engine_;  ///< shared with the other kinds that run containers
};

/// What a container has besides its spec, see ContainerEngine::Params.
struct ContainerExtras {
  std::string application = {};
  std::string disk = {};  ///< of build(), which made its image
};
/// Runs the program of a spec for a task, to its outcome; the secrets are in the environment.
Outcome run_container(ContainerEngine& engine, const ContainerSpec& spec, const Task& task,
                      TaskContext& context, const ContainerExtras& extras = {});

}  // namespace waybill
