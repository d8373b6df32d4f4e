#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/schedule.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"
#include "tests/sim/forwarding_ledger.h"
#include "tests/sim/forwarding_registry.h"

namespace waybill::sim {

/// The schedules of the simulation, one for each policy of catching up, and the registry that has
/// them. Holds the schedulers to what they owe (I6), by their own record of what was fired.
class Timetable final : public ForwardingRegistry {
 public:
  Timetable(const Stage& stage, LedgerAuditor& auditor, Registry& registry);

  /// Settled until now.
  std::vector<Schedule> begin() const;
  /// A scheduler looked at the clock at this time, and asks for this task.
  void asked(const TaskRequest& request, Time looked_at);
  /// Looks at a task of a schedule at the moment at which it is accepted: its nominal time lies on
  /// the schedule's grid, has come by some clock, is owed to a scheduler that looked when this one
  /// did, and is fired once.
  void accept(const TaskRequest& request);
  /// No nominal time that is settled now is missing, as far as the policy owes it.
  Status settle_schedule(const std::string& name, Time handled_until) override;
  /// Every nominal time that has passed is settled.
  bool is_handled() const;

 private:
  void report(const std::string& schedule, const std::string& what, Time time);

  const Stage& stage_;
  LedgerAuditor& auditor_;
  const Time begun_;
  std::map<std::string, std::set<Time>> fired_;  // by schedule
  // By creator and nominal time of what was asked for then.
  std::map<std::pair<std::string, Time>, std::set<Time>> looked_;
};

/// Between a scheduler and the ledger: tells the timetable at what time it looked.
class WatchedScheduler final : public ForwardingLedger {
 public:
  WatchedScheduler(Ledger& inner, LedgerReader& reader, Timetable& timetable)
      : ForwardingLedger(inner, reader, Rng(0)), timetable_(timetable) {}
  Time now() const override { return looked_at_ = inner_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override {
    for (const TaskRequest& request : requests) timetable_.asked(request, looked_at_);
    return inner_.insert(requests);
  }

 private:
  Timetable& timetable_;
  mutable Time looked_at_{};
};

}  // namespace waybill::sim
