// Mistakes with the order in which ready tasks start.

#include <algorithm>
#include <map>

#include "core/name_filter.h"
#include "core/priority.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Gives one ready task at a time, the first by another order.
template <bool (*kGoesBefore)(const Task&, const Task&)>
class ClaimsByAnotherOrder final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    std::vector<Task> ready = some({State::ready});
    std::erase_if(ready, [&](const Task& task) {
      return !accepts(params.kinds, task.request.kind) ||
             !accepts(params.queues, task.request.queue);
    });
    if (!params.only_ids.empty() || ready.empty()) return inner_.claim(params);
    ClaimParams one = params;
    one.only_ids = {std::ranges::min_element(ready, kGoesBefore)->id()};
    return inner_.claim(one);
  }
};

/// Keeps the priority of a task in its order that it had before it was amended.
class KeepsTheFirstPriority final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override {
    for (const Change& change : changes) {
      if (change.priority) first_.try_emplace(change.id, reader_.get(change.id)->request.priority);
    }
    return inner_.apply(changes);
  }
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    std::vector<Task> ready = some({State::ready});
    std::erase_if(ready, [&](const Task& task) {
      return !accepts(params.kinds, task.request.kind) ||
             !accepts(params.queues, task.request.queue);
    });
    if (!params.only_ids.empty() || ready.empty()) return inner_.claim(params);
    ClaimParams one = params;
    one.only_ids = {std::ranges::min_element(ready, {}, [&](const Task& task) {
                      const auto first = first_.find(task.id());
                      return rank(first == first_.end() ? task.request.priority : first->second,
                                  task.status.run_at);
                    })->id()};
    return inner_.claim(one);
  }

 private:
  std::map<Uuid, int> first_;
};

bool is_less_urgent(const Task& task, const Task& other) {
  return task.request.priority < other.request.priority;
}
bool is_more_urgent(const Task& task, const Task& other) {
  return task.request.priority > other.request.priority;
}
bool is_older(const Task& task, const Task& other) {
  return task.status.run_at < other.status.run_at;
}
bool is_younger(const Task& task, const Task& other) {
  return task.status.run_at > other.status.run_at;
}

}  // namespace

std::vector<Plant> order_plants() {
  std::vector<Plant> all = {
      {.name = "LedgerTurnsPrioritiesRound",
       .ledger = wrong_ledger<ClaimsByAnotherOrder<is_less_urgent>>()},
      {.name = "LedgerForgetsThatWaitingCounts",
       .ledger = wrong_ledger<ClaimsByAnotherOrder<is_more_urgent>>()},
      {.name = "LedgerForgetsPriorities", .ledger = wrong_ledger<ClaimsByAnotherOrder<is_older>>()},
      {.name = "LedgerStartsTheYoungestFirst",
       .ledger = wrong_ledger<ClaimsByAnotherOrder<is_younger>>()},
      {.name = "LedgerOrdersByThePriorityBeforeAnAmendment",
       .ledger = wrong_ledger<KeepsTheFirstPriority>()},
  };
  for (Plant& plant : all) {
    plant.caught_by = Invariant::order;
    plant.says = ", which goes first";
  }
  return all;
}

}  // namespace waybill::sim
