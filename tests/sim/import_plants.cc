// Mistakes with messages of somebody else's: one is forgotten, or becomes two tasks.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

bool is_order(const TaskRequest& request) { return request.created_by == "import:orders"; }

/// Does not know a message again.
class RemembersNoMessage final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    std::vector<TaskRequest> strange(requests.begin(), requests.end());
    for (TaskRequest& request : strange) {
      if (!is_order(request)) continue;
      request.dedup_key.clear();
      request.dedup_scope = {};
      request.id = uuid_v5(request.id, std::to_string(rng_.next()));
    }
    return inner_.insert(strange);
  }
};

/// Knows a message again only while its task is not done.
class RemembersLiveMessages final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    std::vector<TaskRequest> forgetful(requests.begin(), requests.end());
    for (TaskRequest& request : forgetful) {
      if (!is_order(request)) continue;
      request.dedup_scope = DedupScope::live;
      request.id = uuid_v5(request.id, std::to_string(rng_.next()));
    }
    return inner_.insert(forgetful);
  }
};

/// Acknowledges a message before its task is there, and now and then it never is.
class AcksTooEarly final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    std::vector<Inserted> answers;
    for (const TaskRequest& request : requests) {
      if (!is_order(request)) return inner_.insert(requests);
      answers.push_back({.id = request.id, .outcome = InsertOutcome::inserted});
    }
    if (rng_.chance(0.2)) return answers;
    return inner_.insert(requests);
  }
};

}  // namespace

std::vector<Plant> import_plants() {
  return {
      {.name = "ImporterRemembersNoMessage",
       .caught_by = Invariant::keys_apart,
       .says = "tasks",
       .controller_ledger = wrong_ledger<RemembersNoMessage>()},
      {.name = "ImporterRemembersLiveMessagesOnly",
       .caught_by = Invariant::keys_apart,
       .says = "tasks",
       .controller_ledger = wrong_ledger<RemembersLiveMessages>()},
      {.name = "ImporterAcksTooEarly",
       .caught_by = Invariant::liveness,
       .says = "became no task",
       .controller_ledger = wrong_ledger<AcksTooEarly>()},
  };
}

}  // namespace waybill::sim
