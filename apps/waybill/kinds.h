#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "core/config.h"
#include "core/task.h"
#include "ports/clock.h"
#include "ports/task_kind.h"

namespace waybill {
struct ArchiveDesk;
}

namespace waybill::cli {

/// The kinds of tasks that a worker of this program can run, and those that it knows besides.
class Kinds {
 public:
  /// Those of every worker; others, which `up` and `serve` run apart (runtime/errands.h),
  /// containers and archiving kinds are known: to refuse what can never run, and no more. `clock`
  /// outlives the kinds.
  static Result<Kinds> create(Clock& clock);
  /// Those of a worker with these settings. Containers, if it is to run them, which takes a second:
  /// `failed_precondition` says what this machine lacks for them. Archiving kinds as far as there
  /// is what they need: without a desk none, without a node of IPFS no `ipfs.*`, without zim-tools
  /// no `zim.*`, without a ledger of its own none that keeps collections.
  static Result<Kinds> for_worker(const Config& config, Clock& clock,
                                  std::unique_ptr<ArchiveDesk> desk);
  explicit Kinds(std::vector<std::unique_ptr<TaskKind>> kinds);
  ~Kinds();
  Kinds(Kinds&&) noexcept;
  Kinds& operator=(Kinds&&) noexcept;

  /// Those that it can run.
  std::vector<TaskKind*> all() const;
  std::vector<std::string> names() const;
  /// The JSON Schema of the spec of each kind that is known, by its name; empty: it takes any.
  std::map<std::string, std::string> spec_schemas() const;
  /// Refuses what can never run: an unknown kind, a spec that the kind does not take.
  /// `invalid_argument` says what would be right.
  Status check(const TaskRequest& request) const;

 private:
  void add_archiving();

  std::unique_ptr<ArchiveDesk> desk_;  ///< outlives the kinds; null: none
  std::vector<std::unique_ptr<TaskKind>> kinds_;
  std::vector<std::unique_ptr<TaskKind>> known_;  ///< besides
};

}  // namespace waybill::cli
