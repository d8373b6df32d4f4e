#pragma once

#include <functional>
#include <string>

#include "core/pipeline/start_spec.h"
#include "ports/task_kind.h"

namespace waybill {

/// Kind `pipeline.start`: starts a run, and does not wait for its end. Tried again it starts no
/// second one.
class PipelineStartKind final : public TaskKind {
 public:
  struct Start {
    Uuid run;
    pipeline::StartSpec spec;
    std::string params;
    std::string created_by;
  };
  /// Starts the run, or finds that it is there. Errors as of RunDesk::start.
  using Starter = std::function<Status(const Start&)>;

  /// To refuse what can never run, and no more.
  PipelineStartKind() = default;
  explicit PipelineStartKind(Starter start) : start_(std::move(start)) {}

  std::string_view name() const override { return pipeline::kStartKind; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return pipeline::start_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  const Starter start_{};
};

}  // namespace waybill
