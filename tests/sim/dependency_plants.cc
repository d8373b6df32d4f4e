// Mistakes with tasks that wait for others.

#include <algorithm>

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// After a success or a failure, unblocks whoever waits, though it was done before or is not due.
class UnblocksWrongly : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;

 protected:
  void unblock(const Task& task) {
    Change change{.id = task.id(), .after = task.status};
    change.after.state = State::ready;
    change.after.revision += 1;
    change.after.waiting_for = 0;
    change.after.run_at = now();
    change.entry = {.at = now(),
                    .happening = Happening::dependency_succeeded,
                    .state = State::ready,
                    .fence = task.status.fence,
                    .attempt = task.status.attempt};
    force(change);
  }
};

class UnblocksTwice final : public UnblocksWrongly {
 public:
  using UnblocksWrongly::UnblocksWrongly;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    auto answers = inner_.apply(changes);
    for (const Task& task : some({State::ready})) {
      const auto history = reader_.history(task.id());
      if (history->back().happening == Happening::dependency_succeeded) unblock(task);
    }
    return answers;
  }
};

class UnblocksOnFailure final : public UnblocksWrongly {
 public:
  using UnblocksWrongly::UnblocksWrongly;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    auto answers = inner_.apply(changes);
    for (const Task& task : some({State::blocked})) {
      const auto& waits_for = task.request.waits_for;
      const bool failed = std::ranges::any_of(waits_for, [&](const Uuid& id) {
        const auto dependency = reader_.get(id);
        return dependency && dependency->status.state == State::failed;
      });
      if (failed) unblock(task);
    }
    return answers;
  }
};

/// Does not look at what a task waits for.
class ForgetsDependencies final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override { request.waits_for.clear(); }
};

/// Lets a task wait for another one than it asked for.
class MistakesDependencies final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    const std::vector<Task> live = some({State::scheduled, State::ready, State::leased});
    for (Uuid& id : request.waits_for) {
      if (!live.empty()) id = live[0].id();
    }
  }
};

}  // namespace

std::vector<Plant> dependency_plants() {
  std::vector<Plant> all = {
      {.name = "LedgerUnblocksTwice",
       .says = "nothing that it waits for has succeeded",
       .ledger = wrong_ledger<UnblocksTwice>()},
      {.name = "LedgerUnblocksOnFailure",
       .says = "nothing that it waits for has succeeded",
       .ledger = wrong_ledger<UnblocksOnFailure>()},
      {.name = "LedgerForgetsDependencies",
       .says = "of what it waits for is missing",
       .ledger = wrong_ledger<ForgetsDependencies>()},
      // Whichever succeeds first: the one that it asked for, or the one that it got.
      {.name = "LedgerMistakesDependencies",
       .says = "it waits for",
       .ledger = wrong_ledger<MistakesDependencies>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::unblocks_once;
  return all;
}

}  // namespace waybill::sim
