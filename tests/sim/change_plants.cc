// Mistakes with changes of state, retries and cancels.

#include <algorithm>

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

void shift(std::uint32_t& limit, int by) {
  limit = static_cast<std::uint32_t>(std::max(1, static_cast<int>(limit) + by));
}

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

/// Goes by another limit of failures than the task's policy says.
template <int kBy>
class CountsFailuresWrongly final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) shift(task.request.retry.failures_max, kBy);
    return tasks;
  }
};

/// Likewise of workers that died of it.
template <int kBy>
class CountsDeathsWrongly final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (!overdue) return overdue;
    for (Task& task : overdue->tasks) shift(task.request.retry.worker_deaths_max, kBy);
    return overdue;
  }
};

/// Adds to one count what belongs to the other.
class TakesFailuresForDeaths final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (!overdue) return overdue;
    for (Task& task : overdue->tasks) task.status.worker_deaths += task.status.failures;
    return overdue;
  }
};
class TakesDeathsForFailures final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) task.status.failures += task.status.worker_deaths;
    return tasks;
  }
};

/// Takes one end of a run for another.
class TakesAFailureForASnooze final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening != Happening::retry_scheduled) return;
    change.after.failures -= 1;
    change.entry.happening = Happening::snoozed;
  }
};

/// Forgets what a run asked for: a delay before it is tried again, or that it is snoozed at all.
template <Happening kHappening>
class ForgetsTheDelay final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    const auto task = reader_.get(change.id);
    if (!task || change.entry.happening != kHappening) return;
    // A worker that cannot begin a later attempt snoozes it itself: no run asked for that.
    if (kHappening == Happening::snoozed && task->status.attempt > 1) return;
    const Duration delay = kHappening == Happening::retry_scheduled
                               ? retry_delay(task->request.retry, change.after.failures, 0)
                               : Duration(0);
    change.after.run_at = now() + delay;
    if (delay > Duration(0)) return;
    change.after.state = State::ready;
    change.entry.state = State::ready;
  }
};

/// Ends as cancelled what was given back.
class EndsWhatWasGivenBack final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening != Happening::given_back) return;
    change.after.state = State::cancelled;
    change.after.finished_at = now();
    change.entry.state = State::cancelled;
    change.entry.happening = Happening::cancelled;
  }
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

/// Writes a success and says that it came too late.
class RefusesWhatItTook final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    auto answers = inner_.apply(changes);
    if (!answers) return answers;
    for (std::size_t i = 0; i < changes.size(); ++i) {
      if (changes[i].entry.happening != Happening::succeeded) continue;
      (*answers)[i] = fail(Code::aborted, "it has changed since it was read");
    }
    return answers;
  }
};

/// Acts on what is scheduled before its time.
class IsTooEarly final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (!overdue || !overdue->tasks.empty()) return overdue;
    for (Task& task : some({State::scheduled})) {
      task.status.run_at = now();
      overdue->tasks.push_back(task);
    }
    return overdue;
  }
};

}  // namespace

std::vector<Plant> change_plants() {
  return {
      {.name = "LedgerForgetsBackoff",
       .caught_by = Invariant::backoff,
       .says = "it did not wait",
       .ledger = wrong_ledger<ForgetsBackoff>()},
      {.name = "WorkerTakesAFailureForASnooze",
       .caught_by = Invariant::kept,
       .says = "its run did not end like that",
       .worker_ledger = wrong_ledger<TakesAFailureForASnooze>()},
      {.name = "LedgerForgetsTheDelayThatARunAskedFor",
       .caught_by = Invariant::backoff,
       .says = "not before",
       .ledger = wrong_ledger<ForgetsTheDelay<Happening::retry_scheduled>>()},
      {.name = "LedgerDoesNotSnooze",
       .caught_by = Invariant::backoff,
       .says = "it did not wait",
       .ledger = wrong_ledger<ForgetsTheDelay<Happening::snoozed>>()},
      {.name = "WorkerEndsWhatItShouldGiveBack",
       .caught_by = Invariant::cancel,
       .says = "nobody asked it to end",
       .worker_ledger = wrong_ledger<EndsWhatWasGivenBack>()},
      {.name = "LedgerLosesACancel",
       .caught_by = Invariant::cancel,
       .says = "'cancel_requested' was acknowledged, but is not in the ledger",
       .ledger = wrong_ledger<LosesCancels>()},
      {.name = "WorkerGivesBackWhatWasCancelled",
       .caught_by = Invariant::cancel,
       .says = "it was asked to end",
       .worker_ledger = wrong_ledger<RevivesCancelled>()},
      {.name = "RescuerOverwritesAFinishedTask",
       .caught_by = Invariant::one_state,
       .says = "that cannot happen in this state",
       .ledger = wrong_ledger<RescuesFinished>()},
      {.name = "LedgerSaysYesToASuccessAndForgetsIt",
       .caught_by = Invariant::one_state,
       .says = "'succeeded' was acknowledged, but is not in the ledger",
       .ledger = wrong_ledger<ForgetsSuccess>()},
      {.name = "LedgerRefusesASuccessThatItTook",
       .caught_by = Invariant::one_state,
       .says = "'succeeded' is in the ledger, but was not acknowledged",
       .ledger = wrong_ledger<RefusesWhatItTook>()},
      {.name = "RescuerIsTooEarly",
       .caught_by = Invariant::backoff,
       .says = "not before",
       .controller_ledger = wrong_ledger<IsTooEarly>()},
  };
}

std::vector<Plant> attempt_plants() {
  return {
      {.name = "WorkerRetriesOnceTooOften",
       .caught_by = Invariant::attempts,
       .says = "its failures are used up",
       .worker_ledger = wrong_ledger<CountsFailuresWrongly<1>>()},
      {.name = "LedgerForgetsDeathsOfWorkers",
       .caught_by = Invariant::attempts,
       .says = "it has killed enough workers",
       .ledger = wrong_ledger<ForgetsDeaths>()},
      {.name = "RescuerTriesOnceTooOften",
       .caught_by = Invariant::attempts,
       .says = "it has killed enough workers",
       .controller_ledger = wrong_ledger<CountsDeathsWrongly<1>>()},
      {.name = "RescuerTakesFailuresForDeaths",
       .caught_by = Invariant::attempts,
       .says = "it was given up too early",
       .controller_ledger = wrong_ledger<TakesFailuresForDeaths>()},
      {.name = "WorkerTakesDeathsForFailures",
       .caught_by = Invariant::attempts,
       .says = "it was given up too early",
       .worker_ledger = wrong_ledger<TakesDeathsForFailures>()},
      {.name = "WorkerGivesUpOnceTooEarly",
       .caught_by = Invariant::attempts,
       .says = "it was given up too early",
       .worker_ledger = wrong_ledger<CountsFailuresWrongly<-1>>()},
      {.name = "RescuerGivesUpOnceTooEarly",
       .caught_by = Invariant::attempts,
       .says = "it was given up too early",
       .controller_ledger = wrong_ledger<CountsDeathsWrongly<-1>>()},
  };
}

}  // namespace waybill::sim
