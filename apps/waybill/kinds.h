#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill::cli {

/// The kinds of tasks that this program can run.
class Kinds {
 public:
  /// `clock` outlives the kinds.
  static Result<Kinds> create(Clock& clock);

  std::vector<TaskKind*> all() const;
  std::vector<std::string> names() const;
  /// The JSON Schema of each kind's spec, by its name; empty: it takes any.
  std::map<std::string, std::string> spec_schemas() const;
  /// Refuses what can never run: an unknown kind, a spec that the kind does not take.
  /// `invalid_argument` says what would be right.
  Status check(const TaskRequest& request) const;

 private:
  std::vector<std::unique_ptr<TaskKind>> kinds_;
};

}  // namespace waybill::cli
