// Mistakes with changes of state, retries, cancels and dependencies.

#include <algorithm>

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Tries again at once.
class ForgetsBackoff final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening != Happening::retry_scheduled) return;
    change.after.state = State::ready;
    change.after.run_at = now();
    change.entry.state = State::ready;
  }
};

/// Lets a task fail once more than its policy says.
class RetriesOnceTooOften final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override { request.retry.failures_max += 1; }
};

/// Lets a task kill any number of workers.
class ForgetsDeaths final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening == Happening::lease_expired) change.after.worker_deaths = 0;
  }
};

/// Acknowledges the cancel of a leased task and does not keep it.
class LosesCancels final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    if (changes.size() == 1 && changes[0].entry.happening == Happening::cancel_requested) {
      return std::vector<Status>(1);
    }
    return inner_.apply(changes);
  }
};

/// Gives a task back that was asked to end, instead of ending it.
class RevivesCancelled final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    const bool was_leased = change.from.state == State::leased;
    if (change.entry.happening != Happening::cancelled || !was_leased) return;
    change.after.state = State::ready;
    change.after.finished_at = {};
    change.entry.state = State::ready;
    change.entry.happening = Happening::given_back;
  }
};

/// Takes back the lease of a task that has finished meanwhile.
class RescuesFinished final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    if (rng_.chance(0.05)) {
      for (Task& task : some({State::succeeded})) {
        Change change{.id = task.id(), .after = task.status};
        change.after.state = State::ready;
        change.after.revision += 1;
        change.after.finished_at = {};
        change.entry = {.at = now(),
                        .happening = Happening::lease_expired,
                        .state = State::ready,
                        .fence = task.status.fence,
                        .attempt = task.status.attempt};
        force(change);
      }
    }
    return inner_.overdue(limit);
  }
};

/// Says yes to a success and has not written it.
class ForgetsSuccess final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    if (changes.size() == 1 && changes[0].entry.happening == Happening::succeeded &&
        rng_.chance(0.05)) {
      return std::vector<Status>(1);
    }
    return inner_.apply(changes);
  }
};

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

/// Unblocks by the first success, whatever else is waited for.
class UnblocksByTheFirst final : public UnblocksWrongly {
 public:
  using UnblocksWrongly::UnblocksWrongly;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    auto answers = inner_.apply(changes);
    for (const Task& task : some({State::blocked})) {
      const auto history = reader_.history(task.id());
      if (history->back().happening == Happening::dependency_succeeded) unblock(task);
    }
    return answers;
  }
};

}  // namespace

std::vector<Plant> change_plants() {
  return {
      {.name = "LedgerForgetsBackoff",
       .caught_by = Invariant::backoff,
       .ledger = wrong_ledger<ForgetsBackoff>()},
      {.name = "LedgerCountsFailuresOffByOne",
       .caught_by = Invariant::attempts,
       .ledger = wrong_ledger<RetriesOnceTooOften>()},
      {.name = "LedgerForgetsDeathsOfWorkers",
       .caught_by = Invariant::attempts,
       .ledger = wrong_ledger<ForgetsDeaths>()},
      {.name = "LedgerLosesACancel",
       .caught_by = Invariant::cancel,
       .ledger = wrong_ledger<LosesCancels>()},
      {.name = "WorkerGivesBackWhatWasCancelled",
       .caught_by = Invariant::cancel,
       .worker_ledger = wrong_ledger<RevivesCancelled>()},
      {.name = "RescuerOverwritesAFinishedTask",
       .caught_by = Invariant::one_state,
       .ledger = wrong_ledger<RescuesFinished>()},
      {.name = "LedgerSaysYesToASuccessAndForgetsIt",
       .caught_by = Invariant::one_state,
       .ledger = wrong_ledger<ForgetsSuccess>()},
      {.name = "LedgerUnblocksTwice",
       .caught_by = Invariant::unblocks_once,
       .ledger = wrong_ledger<UnblocksTwice>()},
      {.name = "LedgerUnblocksOnFailure",
       .caught_by = Invariant::unblocks_once,
       .ledger = wrong_ledger<UnblocksOnFailure>()},
      {.name = "LedgerUnblocksByTheFirstSuccess",
       .caught_by = Invariant::unblocks_once,
       .ledger = wrong_ledger<UnblocksByTheFirst>()},
  };
}

}  // namespace waybill::sim
