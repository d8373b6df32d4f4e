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

/// Makes the task of another nominal time of the same grid.
template <int kMinutes>
class FiresAnotherTime final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (request.created_by != "schedule:every-two") return;
    request.run_at += std::chrono::minutes(kMinutes);
    request.dedup_key = request.created_by + "/" + format_time(request.run_at);
    request.id = uuid_v5(kTaskNamespace, request.dedup_key);
  }
};

/// Fires a schedule that is not on the timetable.
class FiresUnknown final : public TwistedRequests {
 public:
  using TwistedRequests::TwistedRequests;

 protected:
  void twist(TaskRequest& request) override {
    if (is_of_schedule(request)) request.created_by += "-hours";
  }
};

bool catches_one_up(const TaskRequest& request) {
  return request.created_by == "schedule:every-minute";
}
bool catches_none_up(const TaskRequest& request) {
  return request.created_by == "schedule:every-four";
}

/// Cannot insert what a schedule owes.
class RefusesSchedules final : public ForwardingLedger {
 public:
  using ForwardingLedger::ForwardingLedger;
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    if (requests.empty() || !is_of_schedule(requests[0])) return inner_.insert(requests);
    return fail(Code::unavailable, "not for schedules");
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

void catch_all_up(Schedule& schedule, CatchUp instead_of) {
  if (schedule.catch_up == instead_of) schedule.catch_up = CatchUp::all;
}

}  // namespace

std::vector<Plant> schedule_plants() {
  return {
      {.name = "SchedulerFiresByWallTime",
       .caught_by = Invariant::fires_once,
       .says = "though it was not due",
       .controller_ledger = wrong_ledger<FiresByWallTime>()},
      {.name = "SchedulerFiresTooEarly",
       .caught_by = Invariant::fires_once,
       .says = "every-two fired too early",
       .controller_ledger = wrong_ledger<FiresAnotherTime<2>>()},
      {.name = "SchedulerFiresThePast",
       .caught_by = Invariant::fires_once,
       .says = "though that was before it began",
       .controller_ledger = wrong_ledger<FiresAnotherTime<-60>>()},
      {.name = "SchedulerFiresWhatNobodyKnows",
       .caught_by = Invariant::fires_once,
       .says = "though nobody knows it",
       .controller_ledger = wrong_ledger<FiresUnknown>()},
      {.name = "SchedulerLosesTheOneThatItCatchesUp",
       .caught_by = Invariant::fires_once,
       .says = "every-minute fired not at all",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<catches_one_up>>()},
      {.name = "SchedulerLosesWhatIsOnTime",
       .caught_by = Invariant::fires_once,
       .says = "every-four fired not at all",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<catches_none_up>>()},
      {.name = "SchedulerCatchesUpWhereNoneIsOwed",
       .caught_by = Invariant::fires_once,
       .says = "every-four fired too late",
       .schedule = [](Schedule& schedule) { catch_all_up(schedule, CatchUp::none); }},
      {.name = "SchedulerCatchesUpMoreThanOne",
       .caught_by = Invariant::fires_once,
       .says = "every-minute fired too late",
       .schedule = [](Schedule& schedule) { catch_all_up(schedule, CatchUp::one); }},
      {.name = "SchedulerNeverFires",
       .caught_by = Invariant::liveness,
       .says = "the schedulers do not come through",
       .controller_ledger = wrong_ledger<RefusesSchedules>()},
      {.name = "ScannerNeverComesThrough",
       .caught_by = Invariant::liveness,
       .says = "the scanners do not come through",
       .scan = [](ScanDefinition& scan) { scan.planner = BatchScan{}; }},
      {.name = "SchedulerSettlesBeforeItInserts",
       .caught_by = Invariant::fires_once,
       .says = "fired not at all",
       .controller_ledger = wrong_ledger<GoesOnBeforeInserting<is_of_schedule>>()},
      {.name = "SchedulerFiresAgainAfterALostReply",
       .caught_by = Invariant::fires_once,
       .says = "more than once",
       .controller_ledger = wrong_ledger<FiresAgain>()},
  };
}

}  // namespace waybill::sim
