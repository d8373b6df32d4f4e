// Mistakes with leases and fences.

#include <algorithm>
#include <set>

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Takes what a worker says under any fence.
class IgnoresFences final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    const auto task = reader_.get(change.id);
    const bool is_overtaken =
        task && task->status.state == State::leased && task->status.fence > change.from.fence;
    if (is_overtaken) change = unguarded(change);
  }
};

/// Takes what an old lease's holder says of its progress.
class IgnoresFencesOfReports final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    (void)inner_.record(reports);
    return std::vector<Status>(reports.size());
  }
};

/// Gives a task to a second worker while the first one has it.
class LeasesTwice final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks || !tasks->empty()) return tasks;
    for (const Task& task : some({State::leased})) {
      if (task.status.worker == params.worker || !given_.insert(task.id()).second) continue;
      tasks->push_back(task);
      break;
    }
    return tasks;
  }

 private:
  std::set<Uuid> given_;  // once is enough
};

/// Leases a task and does not give it.
class KeepsATaskBack final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (tasks && !tasks->empty()) tasks->pop_back();
    return tasks;
  }
};

/// Leases again without a new fence.
class KeepsTheFence final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) {
      if (task.status.attempt < 2) continue;
      Change change{.id = task.id(), .after = task.status};
      change.after.fence -= 1;
      change.entry = reader_.history(task.id())->back();
      change.entry.fence -= 1;
      force(change);
      task.status.fence -= 1;
    }
    return tasks;
  }
};

/// Says that leases were extended, and forgets it.
class ForgetsHeartbeats final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    std::vector<Extension> none(extensions.begin(), extensions.end());
    for (Extension& extension : none) extension.lease = Duration(0);
    return inner_.extend(none);
  }
};

/// Takes leases back from the task as it was read, whatever heartbeat came since.
class RescuesInSpiteOfHeartbeats final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    // As if these had been overdue when the rescuer looked.
    if (overdue && overdue->tasks.empty() && rng_.chance(0.1)) {
      for (Task& task : some({State::leased})) {
        task.status.lease_until = now();
        overdue->tasks.push_back(task);
      }
    }
    return overdue;
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    std::vector<Change> unguarded_ones;
    for (const Change& change : changes) {
      unguarded_ones.push_back(change);
      unguarded_ones.back().from_lease_until.reset();
    }
    return inner_.apply(unguarded_ones);
  }
};

/// Takes leases back some seconds before they have run out.
class RescuesTooEarly final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (!overdue || !overdue->tasks.empty()) return overdue;
    for (Task& task : some({State::leased})) {
      if (task.status.lease_until > now() + std::chrono::seconds(10)) continue;
      task.status.lease_until = now();
      overdue->tasks.push_back(task);
    }
    return overdue;
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    std::vector<Change> early(changes.begin(), changes.end());
    for (Change& change : early) change.from_lease_until.reset();
    return inner_.apply(early);
  }
};

/// Ends what is running, under a lease that is not over: as poison, or because it was asked to end.
template <Happening kHappening, State kState>
class EndsWhatIsRunning final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    for (const Task& task : some({State::leased})) {
      const bool asked = task.status.cancel.requested();
      if (asked != (kHappening == Happening::cancelled) || !rng_.chance(0.1)) continue;
      Change change{.id = task.id(), .after = task.status};
      change.after.state = kState;
      change.after.revision += 1;
      change.after.lease_until = {};
      change.after.finished_at = now();
      change.entry = {.at = now(),
                      .happening = kHappening,
                      .state = kState,
                      .fence = task.status.fence,
                      .attempt = task.status.attempt};
      force(change);
    }
    return inner_.overdue(limit);
  }
};

/// Takes the message of a queue for the truth: what it names is run, claimed or not.
template <State kState>
class TrustsTheQueue final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    if (params.only_ids.empty()) return inner_.claim(params);
    std::vector<Task> tasks;
    for (const Uuid& id : params.only_ids) {
      auto task = reader_.get(id);
      const bool ran_here = task && task->status.worker == params.worker;
      const bool fits =
          task && task->status.state == kState && (kState == State::ready || ran_here);
      if (fits && given_.insert(id).second) tasks.push_back(std::move(*task));
    }
    return tasks;
  }

 private:
  std::set<Uuid> given_;  // a worker does not stand one lease twice in a step
};

/// Runs a task that was leased before under the fence that another worker had.
class RunsUnderAnOldFence final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) {
      const auto history = reader_.history(task.id());
      const bool was_others = std::ranges::any_of(*history, [&](const HistoryEntry& entry) {
        return entry.happening == Happening::claimed && entry.fence + 1 == task.status.fence &&
               entry.worker != params.worker;
      });
      if (was_others) task.status.fence -= 1;
    }
    return tasks;
  }
};

/// Leases a task that is leased, with a fence of its own.
class StealsLeases final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks || !tasks->empty()) return tasks;
    for (Task& task : some({State::leased})) {
      if (task.status.worker == params.worker) continue;
      task.status.state = State::ready;
      const auto change = transition(
          task, event::Claim{.worker = params.worker, .lease = params.lease}, {.now = now()});
      force(*change);
      task.status = change->after;
      tasks->push_back(task);
      break;
    }
    return tasks;
  }
};

/// Gives wrong answers to heartbeats.
template <ExtendOutcome kFrom, ExtendOutcome kTo>
class MisreportsHeartbeats final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    auto answers = inner_.extend(extensions);
    if (answers) std::ranges::replace(*answers, kFrom, kTo);
    return answers;
  }
};

}  // namespace

std::vector<Plant> lease_plants() {
  return {
      {.name = "LedgerIgnoresTheFence",
       .caught_by = Invariant::fences_grow,
       .says = "took a change of fence",
       .ledger = wrong_ledger<IgnoresFences>()},
      {.name = "LedgerTakesReportsOfOldFences",
       .caught_by = Invariant::fences_grow,
       .says = "took a report of fence",
       .ledger = wrong_ledger<IgnoresFencesOfReports>()},
      {.name = "LedgerKeepsTheFenceOfTheLastLease",
       .caught_by = Invariant::fences_grow,
       .says = "another fence took effect",
       .ledger = wrong_ledger<KeepsTheFence>()},
      {.name = "LedgerGivesALeaseTwice",
       .caught_by = Invariant::leases_apart,
       .says = "without a lease of its own",
       .ledger = wrong_ledger<LeasesTwice>()},
      {.name = "LedgerLeasesATaskToNobody",
       .caught_by = Invariant::leases_apart,
       .says = ", but not given to ",
       .ledger = wrong_ledger<KeepsATaskBack>()},
      {.name = "WorkerRunsWhatAMessageNames",
       .caught_by = Invariant::leases_apart,
       .says = "which it was not given",
       .worker_ledger = wrong_ledger<TrustsTheQueue<State::ready>>()},
      {.name = "WorkerRunsUnderTheFenceOfAnother",
       .caught_by = Invariant::leases_apart,
       .says = "which it was not given",
       .worker_ledger = wrong_ledger<RunsUnderAnOldFence>()},
      {.name = "WorkerRunsAgainWhatAMessageNames",
       .caught_by = Invariant::leases_apart,
       .says = "twice under fence",
       .worker_ledger = wrong_ledger<TrustsTheQueue<State::succeeded>>()},
      {.name = "LedgerLeasesWhatIsLeased",
       .caught_by = Invariant::leases_apart,
       .says = "it is leased by",
       .ledger = wrong_ledger<StealsLeases>()},
      {.name = "LedgerExtendsALostLease",
       .caught_by = Invariant::fences_grow,
       .says = "was extended, but does not hold it",
       .ledger =
           wrong_ledger<MisreportsHeartbeats<ExtendOutcome::lost, ExtendOutcome::extended>>()},
      {.name = "LedgerCallsALeaseLost",
       .caught_by = Invariant::leases_apart,
       .says = "its lease was called lost",
       .ledger =
           wrong_ledger<MisreportsHeartbeats<ExtendOutcome::extended, ExtendOutcome::lost>>()},
      {.name = "LedgerDoesNotTellOfACancel",
       .caught_by = Invariant::cancel,
       .says = "a heartbeat did not say of the cancel",
       .ledger = wrong_ledger<
           MisreportsHeartbeats<ExtendOutcome::cancel_requested, ExtendOutcome::extended>>()},
  };
}

std::vector<Plant> early_end_plants() {
  return {
      {.name = "LedgerForgetsHeartbeats",
       .caught_by = Invariant::leases_apart,
       .says = "the lease lasts until",
       .ledger = wrong_ledger<ForgetsHeartbeats>()},
      {.name = "RescuerTakesALeaseInSpiteOfAHeartbeat",
       .caught_by = Invariant::leases_apart,
       .says = "the lease lasts until",
       .controller_ledger = wrong_ledger<RescuesInSpiteOfHeartbeats>()},
      {.name = "RescuerTakesALeaseTooEarly",
       .caught_by = Invariant::leases_apart,
       .says = "the lease lasts until",
       .controller_ledger = wrong_ledger<RescuesTooEarly>()},
      {.name = "RescuerFailsWhatIsRunning",
       .caught_by = Invariant::leases_apart,
       .says = "its run goes on, and the lease lasts until",
       .controller_ledger = wrong_ledger<EndsWhatIsRunning<Happening::failed, State::failed>>()},
      {.name = "RescuerCancelsWhatIsRunning",
       .caught_by = Invariant::leases_apart,
       .says = "its run goes on, and the lease lasts until",
       .controller_ledger =
           wrong_ledger<EndsWhatIsRunning<Happening::cancelled, State::cancelled>>()},
  };
}

}  // namespace waybill::sim
