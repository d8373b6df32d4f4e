// Mistakes with what is kept of a task: its request, and what its runs said and left behind.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/forwarding_reader.h"
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

/// Forgets what a run had to give.
class LosesResults final : public TwistedChanges {
 public:
  using TwistedChanges::TwistedChanges;

 protected:
  void twist(Change& change) override {
    if (change.entry.happening == Happening::succeeded) change.after.result.clear();
  }
};
class TellsNoResults final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Task> get(const Uuid& id) override {
    auto task = inner_.get(id);
    const bool is_old = task && inner_.last_sequence({}, {}).value_or(0) > 500;
    if (is_old) task->status.result.clear();
    return task;
  }
};

/// Says that it took a report, of which it keeps a part, or nothing.
template <std::string Report::*kLost>
class LosesReports final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    std::vector<Report> kept(reports.begin(), reports.end());
    for (Report& report : kept) (report.*kLost).clear();
    return inner_.record(kept);
  }
};
class DropsReports final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Status>> record(std::span<const Report> reports) override {
    if (!rng_.chance(0.1)) return inner_.record(reports);
    return std::vector<Status>(reports.size());
  }
};
class ReadsNoCheckpoints final : public ForwardingReader {
 public:
  using ForwardingReader::ForwardingReader;
  Result<Reported> reported(const Uuid&) override { return Reported{}; }
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
      {.name = "LedgerLosesResults",
       .says = "has the result '', its run had '{",
       .ledger = wrong_ledger<LosesResults>()},
      {.name = "WorkerLosesResults",
       .says = "has the result '', its run had '{",
       .worker_ledger = wrong_ledger<LosesResults>()},
      {.name = "LedgerForgetsResultsLater",
       .says = "has the result '', its run had '{",
       .reader = wrong_reader<TellsNoResults>()},
      {.name = "LedgerLosesProgress",
       .says = "has the progress '",
       .ledger = wrong_ledger<LosesReports<&Report::progress>>()},
      {.name = "LedgerLosesCheckpoints",
       .says = "has the checkpoint '",
       .ledger = wrong_ledger<LosesReports<&Report::checkpoint>>()},
      {.name = "WorkerDropsReports",
       .says = "not all that its run said was recorded before",
       .worker_ledger = wrong_ledger<DropsReports>()},
      {.name = "WorkerBeginsWithoutTheCheckpoint",
       .says = "from checkpoint '', its last one was '{",
       .worker_reader = wrong_reader<ReadsNoCheckpoints>()},
  };
  for (Plant& plant : all) plant.caught_by = Invariant::kept;
  return all;
}

}  // namespace waybill::sim
