#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "base/zone.h"
#include "core/task.h"

namespace waybill {

/// Local times that daylight saving skips or repeats.
enum class DaylightPolicy : std::uint8_t {
  /// A skipped time fires at the first moment after the gap; a repeated one fires the first time
  /// only.
  once = 0,
  /// A skipped time does not fire; a repeated one fires the first time only.
  skip = 1,
  /// A skipped time fires after the gap; a repeated one fires both times.
  both = 2,
};
/// What is owed for nominal times that passed while nobody looked.
enum class CatchUp : std::uint8_t { none = 0, one = 1, all = 2 };

/// A schedule: when, and what task it makes each time. Its nominal times are UTC moments.
struct Schedule {
  std::string name;
  std::string cron;          ///< see core/cron.h
  std::string zone = "UTC";  ///< IANA name
  DaylightPolicy daylight = DaylightPolicy::once;
  CatchUp catch_up = CatchUp::one;
  bool paused = false;
  TaskRequest task;      ///< id, run_at and dedup_key are filled in at each fire
  std::string source;    ///< "cli", or the file it was defined in
  Time handled_until{};  ///< nominal times up to and including this are settled

  bool operator==(const Schedule&) const = default;
};

/// What is owed at `now`, oldest first, at most `limit`; and up to when the schedule is settled
/// after these have been inserted. Safe to repeat: the same nominal time always gives the same
/// task.
struct Fires {
  std::vector<Time> nominal;
  Time handled_until{};
  Time next{};  ///< the first nominal time after now; kTimeMax if there is none
};
Result<Fires> owed_fires(const Schedule& schedule, const Zone& zone, Time now, std::size_t limit);

/// The task of one nominal time: dedup key `schedule/NAME/NOMINAL` for ever, id from that key.
TaskRequest task_for(const Schedule& schedule, Time nominal);

/// Checks name, cron, zone and task. `invalid_argument` says what is wrong and what would be right.
Status check_schedule(const Schedule& schedule);

}  // namespace waybill
