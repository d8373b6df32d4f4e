#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/queue.h"
#include "services/executor.h"
#include "services/held_runs.h"

namespace waybill {

struct ClaimerOptions {
  std::string worker;
  std::vector<std::string> queues;  ///< empty: every queue
  Duration lease{};
  std::size_t inline_batch = 0;
};

/// Takes leases: of kinds that take a slot as many as there are free slots, of kinds that run
/// inline many at a time. Hints say which tasks to ask for first; what no hint names is found all
/// the same.
class Claimer {
 public:
  struct Ports {
    WorkLedger& ledger;
    Clock& clock;
    Queue* hints = nullptr;  ///< its messages are as make_hint makes them; null: the ledger alone
  };
  Claimer(Ports ports, ClaimerOptions options, const std::vector<RunnableKind>& kinds);

  struct Claimed {
    std::vector<RunKey> keys;  ///< now held, not started
    bool more = false;         ///< there may be more for which there is room
  };
  /// Adds what was claimed to `runs`. On an error, what had been claimed before it is in `runs` and
  /// in `claimed`.
  Status claim(HeldRuns& runs, std::size_t free_slots, Claimed& claimed);

 private:
  Status claim_hinted(HeldRuns& runs, std::size_t limit, Claimed& claimed);
  Result<std::size_t> lease(HeldRuns& runs, const ClaimParams& params, Claimed& claimed);
  ClaimParams params_for(const std::vector<std::string>& kinds, std::size_t limit) const;
  bool runs_inline(const std::string& kind) const;

  Ports ports_;
  ClaimerOptions options_;
  std::vector<std::string> slot_kinds_;
  std::vector<std::string> inline_kinds_;
};

}  // namespace waybill
