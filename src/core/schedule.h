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

/// Local times that daylight saving skips or repeats. A schedule that runs every hour or oftener in
/// a zone with daylight saving wants `both`, else it rests during the hour that is repeated.
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
enum class CatchUp : std::uint8_t {
  none = 0,  ///< nothing: only a time that passed less than kOnTime ago fires
  one = 1,   ///< the latest of them
  all = 2,   ///< each of them
};

/// A fire that is less than this late is on time, not missed. One minute: what cron can tell apart.
inline constexpr Duration kOnTime = std::chrono::minutes(1);

/// That a person keeps a schedule from firing. `at` zero: nobody does.
struct SchedulePause {
  Time at{};
  std::string by;
  std::string reason;

  bool operator==(const SchedulePause&) const = default;
  bool is_set() const { return at != Time{}; }
};

/// A schedule: when, and what task it makes each time. Its nominal times are UTC moments.
struct Schedule {
  std::string name;
  std::string cron;          ///< see core/cron.h
  std::string zone = "UTC";  ///< IANA name
  DaylightPolicy daylight = DaylightPolicy::once;
  CatchUp catch_up = CatchUp::one;
  bool paused = false;   ///< where it is defined
  TaskRequest task;      ///< id, run_at and dedup_key are filled in at each fire
  std::string source;    ///< "cli", or the file it was defined in
  Time handled_until{};  ///< nominal times up to and including this are settled
  SchedulePause pause;   ///< by a person, whatever its definition says

  /// Where it is defined, or by a person.
  bool is_paused() const { return paused || pause.is_set(); }
  bool operator==(const Schedule&) const = default;
};

/// What a schedule owes, see owed_fires.
struct Fires {
  std::vector<Time> nominal;  ///< oldest first
  Time handled_until{};       ///< the schedule is settled up to here once these are inserted
  Time next{};  ///< the first nominal time after handled_until; not after now if `limit` cut it
                ///< short
};

/// What is owed at `now`, at most `limit` (at least 1) nominal times. Store `handled_until` after
/// the tasks were inserted, also when there were none, and nothing is lost or owed twice: with
/// CatchUp::all the nominal times are the same however the calls are spread over time, and a
/// repeated call gives the same tasks. A clock that steps back owes nothing. A paused schedule owes
/// nothing, also not later for the time it was paused; its `next` is kTimeMax. `invalid_argument`
/// if the cron expression cannot be read.
Result<Fires> owed_fires(const Schedule& schedule, const Zone& zone, Time now, std::size_t limit);

/// The task of one nominal time: dedup key `schedule/NAME/NOMINAL` for ever, e.g.
/// `schedule/nightly/2026-11-22T12:00:00Z`, id from that key, and not run before it.
TaskRequest task_for(const Schedule& schedule, Time nominal);

/// Checks name, cron (also that it ever falls due), zone and task. Reads the zone's file the first
/// time. `invalid_argument` says what is wrong and what would be right.
Status check_schedule(const Schedule& schedule);

}  // namespace waybill
