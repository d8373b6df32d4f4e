#pragma once

#include <string_view>

#include "kinds/archive/desk.h"
#include "kinds/archive/warc/order.h"
#include "ports/task_kind.h"

namespace waybill {

/// Kind `warc.capture`: URLs become a web archive, WARC 1.1 with an index, in a WACZ package
/// (docs/reference/archive-kinds.md).
class CaptureKind final : public TaskKind {
 public:
  /// Without a desk to refuse what can never run, and no more; it outlives the kind.
  explicit CaptureKind(ArchiveDesk* desk = nullptr) : desk_(desk) {}

  std::string_view name() const override { return "warc.capture"; }
  Status check(const TaskRequest& request) const override;
  std::string_view spec_schema() const override { return capture_spec_schema(); }
  Outcome run(const Task& task, TaskContext& context) override;

 private:
  ArchiveDesk* const desk_;
};

}  // namespace waybill
