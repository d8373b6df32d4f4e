#pragma once

#include <string_view>

#include "ports/task_kind.h"

namespace waybill {

/// Kind `noop`: succeeds at once, without output, whatever its spec and params. Runs inline. For
/// benchmarks, for smoke tests, and as a task that only waits for others.
class NoopKind final : public TaskKind {
 public:
  std::string_view name() const override { return "noop"; }
  Status check(const TaskRequest& /*request*/) const override { return {}; }
  bool runs_inline() const override { return true; }
  Outcome run(const Task& /*task*/, TaskContext& /*context*/) override {
    return outcome::Succeeded{};
  }
};

}  // namespace waybill
