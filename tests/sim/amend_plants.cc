// Mistakes with amendments of priority and time.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Acknowledges an amendment and does not keep it.
class ForgetsAmendments final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    if (changes.size() == 1 && changes[0].entry.happening == Happening::amended) {
      return std::vector<Status>(1);
    }
    return inner_.apply(changes);
  }
};

/// Writes into the history that the priority was changed, and leaves it.
class ForgetsThePriority final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override { change.priority.reset(); }
};

/// Takes a task that is amended for one that has become ready just now.
class LosesThePlace final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    const bool stays = change.entry.happening == Happening::amended &&
                       change.from.state == State::ready && change.entry.state == State::ready;
    if (stays) change.after.run_at = now();
  }
};

/// Takes the lease of a task that is amended away.
class TakesTheLease final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening != Happening::amended || change.from.state != State::leased) return;
    change.after.state = State::ready;
    change.after.lease_until = {};
    change.entry.state = State::ready;
  }
};

}  // namespace

std::vector<Plant> amend_plants() {
  return {
      {.name = "LedgerForgetsAnAmendment",
       .caught_by = Invariant::one_state,
       .says = "'amended' was acknowledged, but is not in the ledger",
       .ledger = wrong_ledger<ForgetsAmendments>()},
      {.name = "LedgerForgetsAnAmendedPriority",
       .caught_by = Invariant::kept,
       .says = "its priority, after it was amended",
       .ledger = wrong_ledger<ForgetsThePriority>()},
      {.name = "AmendedTaskLosesItsPlace",
       .caught_by = Invariant::kept,
       .says = "after it was amended, and is at",
       .ledger = wrong_ledger<LosesThePlace>()},
      {.name = "AmendedTaskLosesItsLease",
       .caught_by = Invariant::one_state,
       .says = "it went to ready",
       .ledger = wrong_ledger<TakesTheLease>()},
  };
}

}  // namespace waybill::sim
