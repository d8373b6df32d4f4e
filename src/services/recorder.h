#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "services/held_runs.h"
#include "services/side_thread.h"

namespace waybill {

/// Makes durable what came of runs: verdicts, many in one call, and before them what the runs said
/// of themselves. What the ledger could not take now is kept for the next time. Not thread-safe.
class Recorder {
 public:
  Recorder(WorkLedger& ledger, TaskReader& reader, Rng rng);

  /// The latest replaces what was said before and is not recorded yet.
  void keep(std::vector<Report> reports);
  bool any_reports() const { return !reports_.empty(); }

  /// Records what was kept, of all runs or only of those that have ended: a lease that is over
  /// takes no reports. Answers the runs that turned out to be lost.
  enum class Which { all, ended };
  Result<std::vector<RunKey>> record_reports(HeldRuns& runs, Which which);

  /// Records the verdicts of ended runs and lets go of them. A verdict that the ledger refuses is
  /// made anew from the task as it is now, if the lease is still ours (a cancel request came in
  /// between); else it is dropped.
  Status record_verdicts(HeldRuns& runs);
  /// Likewise, but on another thread until settle(), which comes next of all that is asked here.
  /// What is refused has its verdict made anew, and is left to the next call.
  void begin(HeldRuns& runs, SideThread& side);
  /// Waits for what began; nothing did: does nothing.
  Status settle(HeldRuns& runs);

 private:
  /// One call for all that has ended.
  struct Batch {
    std::vector<Change> changes;
    std::vector<RunKey> keys;   ///< of the changes
    std::vector<RunKey> stale;  ///< whose task has to be read again
    Result<std::vector<Status>> answers{};
  };
  Batch take_ended(HeldRuns& runs);
  Status take_answers(HeldRuns& runs, Batch& batch);
  Status read_again(HeldRuns& runs, const std::vector<RunKey>& stale);
  Status read_again(HeldRuns& runs, const RunKey& key);

  WorkLedger& ledger_;
  TaskReader& reader_;
  Rng rng_;
  std::unordered_map<RunKey, Report, RunKeyHash> reports_;
  std::optional<Batch> begun_;
  SideThread* side_ = nullptr;  // of what has begun
};

}  // namespace waybill
