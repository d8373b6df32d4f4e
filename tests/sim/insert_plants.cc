// Mistakes with what is accepted, kept and removed.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Keeps every key only as long as its task is live.
class ForgetsTheScope final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override { request.dedup_scope = DedupScope::live; }
};

/// Does not look at keys.
class IgnoresKeys final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override { request.dedup_key.clear(); }
};

/// Says yes before it is on disk, and dies in between now and then.
class AcceptsBeforeItWrites final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (!rng_.chance(0.02)) return inner_.insert(requests);
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) answers.push_back({.id = request.id});
    return answers;
  }
};

/// Inserts half of a call and fails.
class InsertsHalf final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (requests.size() < 2 || !rng_.chance(0.1)) return inner_.insert(requests);
    (void)inner_.insert(requests.first(1));
    return fail(Code::unavailable, "the disk was busy");
  }
};

/// Removes tasks that are live.
class RemovesLive final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids) override {
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
    return inner_.remove(all);
  }
};

/// Claims from queues that are paused, beyond every limit.
class IgnoresLimits final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks || tasks->size() >= params.limit) return tasks;
    for (Task& task : some({State::ready})) {
      const auto change = transition(
          task, event::Claim{.worker = params.worker, .lease = params.lease}, {.now = now()});
      if (!change || tasks->size() >= params.limit) break;
      force(*change);
      task.status = change->after;
      tasks->push_back(task);
    }
    return tasks;
  }
};

/// Never finds what is due.
class ForgetsTime final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<Overdue> overdue(std::size_t limit) override {
    auto overdue = inner_.overdue(limit);
    if (overdue) {
      std::erase_if(overdue->tasks,
                    [](const Task& task) { return task.status.state == State::scheduled; });
    }
    return overdue;
  }
};

}  // namespace

std::vector<Plant> insert_plants() {
  return {
      {.name = "LedgerForgetsTheDedupScope",
       .caught_by = Invariant::keys_apart,
       .ledger = wrong_ledger<ForgetsTheScope>()},
      {.name = "LedgerIgnoresDedupKeys",
       .caught_by = Invariant::keys_apart,
       .ledger = wrong_ledger<IgnoresKeys>()},
      {.name = "LedgerAcknowledgesBeforeItInserts",
       .caught_by = Invariant::one_state,
       .ledger = wrong_ledger<AcceptsBeforeItWrites>()},
      {.name = "LedgerInsertsHalfOfACall",
       .caught_by = Invariant::one_state,
       .ledger = wrong_ledger<InsertsHalf>()},
      {.name = "JanitorRemovesLiveTasks",
       .caught_by = Invariant::one_state,
       .ledger = wrong_ledger<RemovesLive>()},
      {.name = "LedgerIgnoresPausesAndLimits",
       .caught_by = Invariant::limits,
       .ledger = wrong_ledger<IgnoresLimits>()},
      {.name = "RescuerForgetsWhatIsDue",
       .caught_by = Invariant::liveness,
       .controller_ledger = wrong_ledger<ForgetsTime>()},
  };
}

}  // namespace waybill::sim
