#pragma once

#include "base/rng.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"

namespace waybill::sim {

/// Passes every call on. A wrong ledger overrides what it gets wrong.
class ForwardingLedger : public Ledger {
 public:
  ForwardingLedger(Ledger& inner, LedgerReader& reader, Rng rng)
      : inner_(inner), reader_(reader), rng_(rng) {}

  Time now() const override { return inner_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    return inner_.insert(requests);
  }
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    return inner_.claim(params);
  }
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    return inner_.apply(changes);
  }
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override {
    return inner_.extend(extensions);
  }
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    return inner_.record(reports);
  }
  Result<Overdue> overdue(std::size_t limit) override { return inner_.overdue(limit); }
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids) override {
    return inner_.remove(ids);
  }

 protected:
  /// The change as if it had been made from the task as it is now: whatever guarded it is gone.
  Change unguarded(Change change) {
    const auto task = reader_.get(change.id);
    if (!task) return change;
    change.from = {task->status.state, task->status.fence, task->status.revision};
    change.from_lease_until.reset();
    return change;
  }
  /// Writes a change around all rules.
  void force(const Change& change) { (void)inner_.apply(std::vector<Change>{unguarded(change)}); }
  /// Any task in one of these states.
  std::vector<Task> some(std::vector<State> states) {
    return reader_.page({.filter = {.states = std::move(states)}, .limit = 20})->tasks;
  }

  Ledger& inner_;
  LedgerReader& reader_;
  Rng rng_;
};

/// A plant's factory for a wrong ledger of this type.
template <class Wrong>
auto wrong_ledger() {
  return [](Ledger& inner, LedgerReader& reader, Rng rng) -> std::unique_ptr<Ledger> {
    return std::make_unique<Wrong>(inner, reader, rng);
  };
}

/// Applies changes after `twist` had its way with each.
class TwistedChanges : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    std::vector<Change> twisted(changes.begin(), changes.end());
    for (Change& change : twisted) twist(change);
    return inner_.apply(twisted);
  }

 protected:
  virtual void twist(Change& change) = 0;
};

/// Inserts requests after `twist` had its way with each.
class TwistedRequests : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    std::vector<TaskRequest> twisted(requests.begin(), requests.end());
    for (TaskRequest& request : twisted) twist(request);
    return inner_.insert(twisted);
  }

 protected:
  virtual void twist(TaskRequest& request) = 0;
};

}  // namespace waybill::sim
