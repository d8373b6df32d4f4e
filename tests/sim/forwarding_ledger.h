#pragma once

#include <memory>
#include <span>
#include <vector>

#include "base/rng.h"
#include "ports/ledger_reader.h"
#include "testing/forwarding_ledger.h"

namespace waybill::sim {

/// A wrong ledger overrides what it gets wrong.
class ForwardingLedger : public waybill::ForwardingLedger {
 public:
  ForwardingLedger(Ledger& inner, LedgerReader& reader, Rng rng)
      : waybill::ForwardingLedger(inner), reader_(reader), rng_(rng) {}

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

/// Answers a call for such tasks as accepted without making it, now and then: what the caller does
/// next stands on nothing.
template <bool (*kConcerns)(const TaskRequest&)>
class GoesOnBeforeInserting final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (requests.empty() || !kConcerns(requests[0]) || !rng_.chance(0.1)) {
      return inner_.insert(requests);
    }
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) answers.push_back({.id = request.id});
    return answers;
  }
};

/// Asks for each task of a kind a second time, by another name.
template <bool (*kConcerns)(const TaskRequest&)>
class AsksAgain final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    auto answers = inner_.insert(requests);
    std::vector<TaskRequest> again(requests.begin(), requests.end());
    std::erase_if(again, [](const TaskRequest& request) { return !kConcerns(request); });
    for (TaskRequest& request : again) {
      request.dedup_key += "/again";
      request.id = uuid_v5(kTaskNamespace, request.dedup_key);
    }
    (void)inner_.insert(again);
    return answers;
  }
};

}  // namespace waybill::sim
