#pragma once

#include <memory>
#include <string_view>
#include <utility>

#include "kinds/command/container_engine.h"
#include "kinds/command/repo_run_spec.h"
#include "ports/source_trees.h"
#include "ports/task_kind.h"

namespace waybill {

/// Kind `repo.run`: runs what a repository has at a commit, its Dockerfile's image or a process of
/// its Procfile, in a container. Nobody has reviewed that: it runs nowhere else.
class RepoRunKind final : public TaskKind {
 public:
  /// One that knows its specs, and runs none.
  RepoRunKind() = default;
  RepoRunKind(std::shared_ptr<ContainerEngine> engine, std::unique_ptr<SourceTrees> trees)
      : engine_(std::move(engine)), trees_(std::move(trees)) {}

  std::string_view name() const override { return "repo.run"; }
  std::string_view spec_schema() const override { return repo_run_spec_schema(); }
  /// Also refuses a task without a definition: it is that which says who may.
  Status check(const TaskRequest& request) const override;
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  Outcome run_process(RepoRunSpec spec, const std::string& tree, const Task& task,
                      TaskContext& context);
  Outcome build_and_run(RepoRunSpec spec, const std::string& tree, const Task& task,
                        TaskContext& context);

  const std::shared_ptr<ContainerEngine> engine_;  ///< shared with kind container
  const std::unique_ptr<SourceTrees> trees_;
};

}  // namespace waybill
