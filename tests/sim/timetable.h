#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/schedule.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"
#include "tests/sim/forwarding_registry.h"

namespace waybill::sim {

/// The schedules of the simulation, one for each policy of catching up, and the registry that has
/// them. Holds the schedulers to what they owe (I6), by their own record of what was fired.
class Timetable final : public ForwardingRegistry {
 public:
  Timetable(const Stage& stage, LedgerAuditor& auditor, Registry& registry);

  /// Settled until now.
  std::vector<Schedule> begin() const;
  /// Looks at a task of a schedule at the moment at which it is accepted: its nominal time lies on
  /// the schedule's grid, has come by some clock, and is fired once.
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
};

}  // namespace waybill::sim
