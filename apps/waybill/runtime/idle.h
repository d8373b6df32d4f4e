#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/waybill/session.h"
#include "base/deadline.h"
#include "base/mutex.h"
#include "services/pipeliner.h"
#include "services/scan.h"

namespace waybill::cli {

/// How many tasks of the queues in question are where.
struct Work {
  std::int64_t running = 0;
  std::int64_t waiting = 0;  ///< ready, scheduled or blocked
  std::int64_t finished = 0;
  /// Whether any of them can start or end here without somebody's help within kIdleHorizon. What
  /// waits for a failed task, a paused queue, a far time, or a worker of another kind, cannot.
  bool moves = false;
};
/// Tasks that are scheduled further ahead than this keep nobody waiting.
inline constexpr Duration kIdleHorizon = std::chrono::minutes(1);

/// Shows a bar on a terminal: what has ended of the work since it was first told of any.
std::function<void(const Work&)> progress_printer(Output& output);

/// Whose work is counted.
struct WorkScope {
  std::vector<std::string> queues;  ///< empty: every queue
  std::vector<std::string> kinds;   ///< what can run here
};
Result<Work> count_work(Store& store, const WorkScope& scope);

/// Knows when nothing is left to do: no task moves, every scan has found nothing new since, and no
/// run goes on by itself.
class IdleWatch {
 public:
  /// `scans`: names of those that have to agree.
  explicit IdleWatch(std::vector<std::string> scans) : scans_(std::move(scans)) {}

  /// For Scanner's observer: one pass, or why it came to nothing. Thread-safe.
  void saw(const Result<ScanReport>& report);

  struct WaitParams {
    Clock& clock;
    Store& store;
    WorkScope scope;
    Deadline deadline;
    std::function<void(const Work&)> shown;    ///< told of the work whenever it was counted
    std::function<RunsAtRest()> runs_at_rest;  ///< empty: nobody carries runs on here
  };
  /// Blocks until nothing is left that can be done here, or the stop of the deadline is asked for;
  /// gives what is left. The error of a scan that failed ends it too.
  Result<Work> wait(const WaitParams& params);
  /// What scans found and can never schedule, if there is any.
  std::optional<Error> refusal() const;

 private:
  Result<bool> scans_agree(Time since);
  void note_refused(const ScanReport& report) REQUIRES(mutex_);

  const std::vector<std::string> scans_;
  mutable Mutex mutex_;
  std::map<std::string, Time> found_nothing_ GUARDED_BY(mutex_);   // scan -> its time
  std::map<std::string, std::string> refused_ GUARDED_BY(mutex_);  // scan -> what, and why
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace waybill::cli
