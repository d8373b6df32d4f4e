#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "core/schedule.h"
#include "services/ledger_parts.h"

namespace waybill {

/// What people do with schedules, at the API and the command line. Thread-safe; blocks.
class ScheduleDesk {
 public:
  /// The ports outlive it.
  explicit ScheduleDesk(const LedgerParts& ledger) : ledger_(ledger) {}

  /// `not_found` if there is none of that name, with one that is like it; as for those below.
  Result<Schedule> find(std::string_view name);
  /// Keeps it from firing, for as long as nobody has it go on: also over a restart, and over
  /// changes of its definition. Of two calls the later stands.
  Result<Schedule> pause(std::string_view name, std::string_view who, std::string_view reason);
  /// `failed_precondition` where its definition pauses it.
  Result<Schedule> resume(std::string_view name);

 private:
  const LedgerParts ledger_;
};

/// What resume() would refuse of one that is there.
Status may_resume(const Schedule& schedule);

/// The task that a schedule makes, outside its times, for `who`: under no key that a fire has, so
/// that what the schedule owes stays as it is.
TaskRequest task_now(const Schedule& schedule, const Uuid& id, std::string_view who);

}  // namespace waybill
