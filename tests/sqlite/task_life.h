#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapters/sqlite/sqlite_ledger.h"
#include "testing/sim_clock.h"

namespace waybill {

/// The whole life of two tasks, of which the second waits for the first, step by step: created,
/// claimed, heartbeat, report, failed, due, claimed, succeeded, the second claimed and succeeded,
/// the first removed. Each step is one call that writes.
class TaskLife {
 public:
  explicit TaskLife(SimClock& clock) : clock_(clock) {}

  static std::size_t step_count();
  /// Runs one step on a ledger that has all steps before it. The error is the ledger's.
  Status run(SqliteLedger& ledger, std::size_t step);

  /// All that can be seen of both tasks, as text: equal for equal states.
  static Result<std::string> describe(SqliteLedger& ledger);

 private:
  Status apply(SqliteLedger& ledger, int number, const Event& event);
  Status claim(SqliteLedger& ledger, int number);

  SimClock& clock_;
};

}  // namespace waybill
