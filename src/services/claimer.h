#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "services/executor.h"
#include "services/held_runs.h"

namespace waybill {

struct ClaimerOptions {
  std::string worker;
  std::vector<std::string> queues;  ///< empty: every queue
  Duration lease{};
  std::size_t inline_batch = 0;      ///< to begin with
  std::size_t inline_batch_max = 0;  ///< what it grows to while batches take little time, if more
  /// Where there are hints: between looks for tasks that no hint names.
  Duration sweep_every = std::chrono::seconds(10);
};

/// Takes leases: of kinds that take a slot as many as there are free slots, of kinds that run
/// inline many at a time. Where there are hints, they say which tasks to ask for. What no hint
/// names is found by a sweep now and then; and in each claim for a while, once it is seen that
/// hints are not enough: they can't be had, one named a task that is held back (its queue is paused
/// or has as many as it may), or a sweep found one that had waited for long.
///
/// While one full batch of inline tasks follows another, and there was nothing for the slots, these
/// are looked for now and then only.
class Claimer {
 public:
  struct Ports {
    WorkLedger& ledger;
    Clock& clock;
    Queue* hints = nullptr;  ///< its messages are as make_hint makes them; null: the ledger alone
    TaskReader* reader = nullptr;  ///< needed where there are hints
  };
  Claimer(Ports ports, ClaimerOptions options, const std::vector<RunnableKind>& kinds);

  struct Claimed {
    std::vector<RunKey> keys;  ///< now held, not started
    bool more = false;         ///< there may be more for which there is room
  };
  /// Adds what was claimed to `runs`. On an error, what had been claimed before it is in `runs` and
  /// in `claimed`.
  Status claim(HeldRuns& runs, std::size_t free_slots, Claimed& claimed);
  /// The two halves of claim(), in this order: what was claimed for slots may be started in
  /// between.
  Status claim_for_slots(HeldRuns& runs, std::size_t free_slots, Claimed& claimed);
  Status claim_inline(HeldRuns& runs, Claimed& claimed);

 private:
  struct Named;
  Status claim_hinted(HeldRuns& runs, std::size_t limit, Claimed& claimed);
  Named read(const std::vector<Delivery>& deliveries);
  /// Whether one of these, which were not leased, could be later.
  bool any_held_back(const std::vector<Uuid>& tasks);
  bool sweeps();
  void sweep_for_a_while();
  bool looks_for_slots();
  void size_inline_batch(SteadyTime now);
  Result<std::size_t> lease(HeldRuns& runs, const ClaimParams& params, Claimed& claimed);
  ClaimParams params_for(const std::vector<std::string>& kinds, std::size_t limit) const;
  bool runs_inline(const std::string& kind) const;

  Ports ports_;
  ClaimerOptions options_;
  std::vector<std::string> slot_kinds_;
  std::vector<std::string> inline_kinds_;
  SteadyTime next_sweep_{};
  SteadyTime sweep_until_{};
  bool hints_away_ = false;
  bool sweeping_ = false;
  bool inline_hinted_ = false;  ///< there may be tasks of inline kinds
  std::size_t inline_batch_;    ///< of the next claim
  SteadyTime inline_began_{};   ///< the last claim of a full batch; what follows is its turn
  bool inline_full_ = false;    ///< it was full
  SteadyTime next_slot_look_{};
};

}  // namespace waybill
