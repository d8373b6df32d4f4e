#pragma once

#include <string_view>

#include "kinds/archive/desk.h"
#include "ports/task_kind.h"

namespace waybill {

std::string_view identify_spec_schema();

/// Kind `identify`: what many artifacts are, by their content, in a table (JSON lines or CSV). What
/// an attempt has found out the next one on the same worker does not look at again. In three steps:
/// "loading list", "identifying file I/N", "writing table".
class IdentifyKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit IdentifyKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "identify"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return identify_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
