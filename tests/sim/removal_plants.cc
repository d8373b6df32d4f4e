// Mistakes with what is removed.

#include <algorithm>
#include <set>

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/forwarding_reader.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Removes tasks that are live.
class RemovesLive final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    std::vector<Uuid> all(ids.begin(), ids.end());
    for (const Task& task : some({State::scheduled})) {
      Change change{.id = task.id(), .after = task.status};
      change.after.state = State::failed;
      change.after.revision += 1;
      change.entry = {.at = now(),
                      .happening = Happening::failed,
                      .state = State::failed,
                      .fence = task.status.fence,
                      .attempt = task.status.attempt};
      force(change);
      all.push_back(task.id());
    }
    return inner_.remove(all, kTimeMax);
  }
};

/// Says that it removed all that it was asked to remove, and more.
class RemovesLessThanItSays final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override {
    auto removed = inner_.remove(ids, finished_before);
    if (!removed) return removed;
    for (const Task& task : some({State::scheduled, State::ready, State::leased})) {
      removed->push_back(task.id());
    }
    return removed;
  }
};

/// Does not say of all that it removed.
class RemovesMoreThanItSays final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override {
    auto removed = inner_.remove(ids, finished_before);
    if (removed && !removed->empty()) removed->pop_back();
    return removed;
  }
};

/// Removes, and says that it could not.
class RemovesAndFails final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override {
    (void)inner_.remove(ids, finished_before);
    return fail(Code::unavailable, "the disk was busy");
  }
};

/// Beside those below, that do not remove: does not show what they keep.
class HidesTheFinished final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    auto task = inner_.get(id);
    if (task && is_finished(task->status.state)) return fail(Code::not_found, "it is removed");
    return task;
  }
};

/// Says that it removed what it keeps, again and again.
class RemovesNothing : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    return std::vector<Uuid>(ids.begin(), ids.end());
  }
};

/// The same, but says so of each task only once.
class SaysOnceThatItRemoved : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    std::vector<Uuid> removed;
    for (const Uuid& id : ids) {
      if (kept_.insert(id).second) removed.push_back(id);
    }
    return removed;
  }

 protected:
  std::set<Uuid> kept_;
};

/// And retries what it kept.
class RevivesWhatItRemoved final : public SaysOnceThatItRemoved {
 public:
  using SaysOnceThatItRemoved::SaysOnceThatItRemoved;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    auto answers = inner_.apply(changes);
    for (const Uuid& id : kept_) {
      const auto task = reader_.get(id);
      const auto change = transition(*task, event::Retry{.by = "nobody"}, {.now = now()});
      if (change) force(*change);
    }
    return answers;
  }
};

/// Removes what has finished, long ago or just now.
template <State kState>
class RemovesAtOnce final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    std::vector<Uuid> all(ids.begin(), ids.end());
    for (const Task& task : some({kState})) {
      if (std::ranges::find(ids, task.id()) == ids.end()) all.push_back(task.id());
    }
    return inner_.remove(all, kTimeMax);
  }
};

/// Knows only one retention for all that has finished.
class RemovesFailedAsSucceeded final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    std::vector<Uuid> all(ids.begin(), ids.end());
    for (const Task& task : some({State::failed, State::cancelled})) {
      const bool is_old = task.status.finished_at + std::chrono::minutes(4) < now();
      if (is_old && std::ranges::find(ids, task.id()) == ids.end()) all.push_back(task.id());
    }
    return inner_.remove(all, kTimeMax);
  }
};

/// Takes no heed of when a task ended: one that was retried and ended anew meanwhile goes as well.
class RemovesWhateverHasEnded final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time) override {
    for (const Uuid& id : ids) end_anew(id);
    return inner_.remove(ids, kTimeMax);
  }

 private:
  /// Somebody retries it, and then thinks better of it.
  void end_anew(const Uuid& id) {
    for (const Event& event :
         {Event(event::Retry{.by = "ann"}), Event(event::Cancel{.by = "ann"})}) {
      const auto task = reader_.get(id);
      if (!task) return;
      const auto change = transition(*task, event, {.now = now()});
      if (!change) return;
      force(*change);
    }
  }
};

std::vector<Plant> early_removal_plants() {
  std::vector<Plant> all = {
      {.name = "JanitorRemovesSuccessesAtOnce",
       .says = ", too early for queue",
       .controller_ledger = wrong_ledger<RemovesAtOnce<State::succeeded>>()},
      {.name = "JanitorRemovesDeadLettersAtOnce",
       .says = ", too early for queue",
       .controller_ledger = wrong_ledger<RemovesAtOnce<State::failed>>()},
      {.name = "JanitorKnowsOneRetentionForAll",
       .says = ", too early for queue",
       .controller_ledger = wrong_ledger<RemovesFailedAsSucceeded>()},
      {.name = "JanitorRemovesWhatHasEndedAnew",
       .says = ", too early for queue",
       .controller_ledger = wrong_ledger<RemovesWhateverHasEnded>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::retention;
  return all;
}

}  // namespace

std::vector<Plant> removal_plants() {
  std::vector<Plant> all = {
      {.name = "JanitorRemovesLiveTasks",
       .says = "that cannot happen in this state",
       .ledger = wrong_ledger<RemovesLive>()},
      {.name = "LedgerRemovesLessThanItSays",
       .says = "was removed, but is not finished",
       .ledger = wrong_ledger<RemovesLessThanItSays>()},
      {.name = "LedgerRemovesMoreThanItSays",
       .says = "is gone, but was not said to be removed",
       .ledger = wrong_ledger<RemovesMoreThanItSays>()},
      {.name = "LedgerRemovesAndFails",
       .says = "is gone, but was not said to be removed",
       .ledger = wrong_ledger<RemovesAndFails>()},
      {.name = "LedgerSaysTwiceThatItRemovedATask",
       .says = "was removed, but was not there",
       .ledger = wrong_ledger<RemovesNothing>(),
       .reader = wrong_reader<HidesTheFinished>()},
      {.name = "LedgerSaysThatItRemovedWhatItKeeps",
       .says = "was removed, but is still there",
       .ledger = wrong_ledger<SaysOnceThatItRemoved>()},
      {.name = "LedgerRevivesWhatItRemoved",
       .says = "it was removed",
       .ledger = wrong_ledger<RevivesWhatItRemoved>(),
       .reader = wrong_reader<HidesTheFinished>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::one_state;
  for (const Plant& plant : early_removal_plants()) all.push_back(plant);
  return all;
}

}  // namespace waybill::sim
