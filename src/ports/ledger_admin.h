#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace waybill {

/// Something that must never be, found in a ledger at rest.
struct Violation {
  std::string invariant;  ///< "I1" … "I7" (ARCHITECTURE.md), or "storage", "counts", "row"
  std::string subject;    ///< the task's id, the key, or the table concerned
  std::string message;    ///< what was found, and what it should have been
};
struct CheckReport {
  std::int64_t tasks_checked = 0;
  std::vector<Violation> violations;  ///< at most kViolationsMax are kept
  std::int64_t violations_found = 0;  ///< all of them are counted
};
inline constexpr std::size_t kViolationsMax = 1000;

struct LedgerStats {
  std::string location;  ///< the file's path
  int schema_version = 0;
  std::int64_t tasks = 0;
  std::int64_t tasks_live = 0;
  std::int64_t events_kept = 0;
  std::int64_t spent_keys = 0;
  std::int64_t file_bytes = 0;
  std::int64_t log_bytes = 0;   ///< written ahead, not yet in the file
  std::int64_t free_bytes = 0;  ///< inside the file, used again before it grows
};

/// What an operator does with a ledger as a whole. Thread-safe; works beside writers. Errors as for
/// Ledger.
class LedgerAdmin {
 public:
  virtual ~LedgerAdmin() = default;
  /// Verifies storage and I1 to I7 on one snapshot of the live ledger; of I5 and I6 what a ledger
  /// can tell: the keys and ids of the tasks that scans and schedules have made, not the tasks that
  /// they failed to make. Reads everything: about a minute for 10 million tasks.
  virtual Result<CheckReport> check() = 0;
  virtual Result<LedgerStats> stats() = 0;
  /// What it takes on its disk, with its log; counts nothing, however much it holds.
  virtual Result<std::int64_t> size_bytes() = 0;
  /// Copies one consistent state to a new file, while work goes on. `already_exists` if `path` is
  /// there; a copy that was cut off is removed.
  virtual Status backup(const std::string& path) = 0;
  /// Gives one JSON object a task, oldest first, all of one snapshot: as task_to_json, with
  /// progress, checkpoint and history; `line` ends without a newline. Stops with the sink's error.
  virtual Status export_tasks(const std::function<Status(std::string_view line)>& sink) = 0;
};

}  // namespace waybill
