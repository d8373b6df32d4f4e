// Mistakes with what is kept of a task: its request, and what its runs said and left behind.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

/// Stores another request than it was given.
template <void (*kTwist)(TaskRequest&)>
class StoresAnother final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override { kTwist(request); }
};

void with_other_params(TaskRequest& request) { request.params = R"({"number":-1})"; }
void with_another_spec(TaskRequest& request) { request.spec = "{}"; }
void with_another_priority(TaskRequest& request) {
  request.priority = request.priority == 0 ? 1 : -request.priority;
}
void with_another_limit_of_time(TaskRequest& request) {
  request.run_time_max += std::chrono::seconds(1);
}
void with_another_kind(TaskRequest& request) {
  request.kind = request.kind == "work" ? "inline" : "work";
}
void with_another_queue(TaskRequest& request) {
  request.queue = request.queue == "q1" ? "default" : "q1";
}
void with_other_labels(TaskRequest& request) { request.labels.emplace_back("number", "-1"); }
void with_another_definition(TaskRequest& request) { request.definition += "-by-the-way"; }
void with_another_time(TaskRequest& request) { request.run_at += std::chrono::minutes(1); }
void with_another_policy(TaskRequest& request) {
  request.retry.backoff_max += std::chrono::seconds(1);
}
void with_another_creator(TaskRequest& request) { request.created_by += "-and-sons"; }

/// Gives another request to a worker than it stored.
class GivesOtherParams final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    auto tasks = inner_.claim(params);
    if (!tasks) return tasks;
    for (Task& task : *tasks) task.request.params = "{}";
    return tasks;
  }
};

}  // namespace

std::vector<Plant> content_plants() {
  std::vector<Plant> all = {
      {.name = "LedgerStoresOtherParams",
       .says = "its params, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_other_params>>()},
      {.name = "LedgerStoresAnotherSpec",
       .says = "its spec, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_spec>>()},
      {.name = "LedgerStoresAnotherPriority",
       .says = "its priority, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_priority>>()},
      {.name = "LedgerStoresAnotherLimitOfTime",
       .says = "its run_time_max, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_limit_of_time>>()},
      {.name = "LedgerStoresAnotherKind",
       .says = "its kind, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_kind>>()},
      {.name = "LedgerStoresAnotherQueue",
       .says = "its queue, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_queue>>()},
      {.name = "LedgerStoresOtherLabels",
       .says = "its labels, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_other_labels>>()},
      {.name = "LedgerStoresAnotherDefinition",
       .says = "its definition, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_definition>>()},
      {.name = "LedgerStoresAnotherTime",
       .says = "its run_at, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_time>>()},
      {.name = "LedgerStoresAnotherPolicy",
       .says = "its retry, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_policy>>()},
      {.name = "LedgerStoresAnotherCreator",
       .says = "its created_by, after insert, is not what was asked for",
       .ledger = wrong_ledger<StoresAnother<with_another_creator>>()},
      {.name = "LedgerGivesOtherParams",
       .says = "its params, as it is given to worker-",
       .ledger = wrong_ledger<GivesOtherParams>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::kept;
  return all;
}

}  // namespace waybill::sim
