// Mistakes of the scheduler, made by twisting what it says to the ledger.

#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/mutants.h"

namespace waybill::sim {
namespace {

bool is_of_schedule(const TaskRequest& request) {
  return request.created_by.starts_with("schedule:");
}

/// Makes the task of the moment at which the scheduler looked, not of the nominal time.
class FiresByWallTime final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (!is_of_schedule(request)) return;
    request.run_at = now();
    request.dedup_key = request.created_by + "/" + format_time(now());
    request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  }
};

/// Forgets that the key of a nominal time stays spent, and gives each task an id of its own.
class FiresAgain final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (!is_of_schedule(request)) return;
    request.dedup_key.clear();
    request.id = uuid_v5(kTaskNamespace, std::to_string(rng_.next()));
  }
};

}  // namespace

std::vector<Plant> schedule_plants() {
  return {
      {.name = "SchedulerFiresByWallTime",
       .caught_by = Invariant::fires_once,
       .says = "though it was not due",
       .controller_ledger = wrong_ledger<FiresByWallTime>()},
      {.name = "SchedulerSettlesBeforeItInserts",
       .caught_by = Invariant::fires_once,
       .says = "not at all",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_schedule>>()},
      {.name = "SchedulerFiresAgainAfterALostReply",
       .caught_by = Invariant::fires_once,
       .says = "more than once",
       .controller_ledger = wrong_ledger<FiresAgain>()},
  };
}

}  // namespace waybill::sim
