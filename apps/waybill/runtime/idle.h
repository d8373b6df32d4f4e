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
#include "services/scan.h"

namespace waybill::cli {

/// How many tasks of the queues in question are where.
struct Work {
  std::int64_t running = 0;
  std::int64_t waiting = 0;  ///< ready, scheduled or blocked
  std::int64_t finished = 0;
  /// Whether any of them can start or end without somebody's help within kIdleHorizon. What waits
  /// for a failed task, for a paused queue, or for a far time, cannot.
  bool moves = false;
};
/// Tasks that are scheduled further ahead than this keep nobody waiting.
inline constexpr Duration kIdleHorizon = std::chrono::minutes(1);

/// Shows a bar on a terminal: what has ended of the work since it was first told of any.
std::function<void(const Work&)> progress_printer(Output& output);

/// Of these queues; empty: of every queue.
Result<Work> count_work(Store& store, const std::vector<std::string>& queues);

/// Knows when nothing is left to do: no task moves, and every scan has found nothing new since.
class IdleWatch {
 public:
  /// `scans`: names of those that have to agree.
  explicit IdleWatch(std::vector<std::string> scans) : scans_(std::move(scans)) {}

  /// For Scanner's observer: one pass, or why it came to nothing. Thread-safe.
  void saw(const Result<ScanReport>& report);

  /// Blocks until nothing is left to do in the queues of the session's worker, or the stop of
  /// `deadline` is asked for. `shown` is told of the work whenever it was counted. The error of a
  /// scan that failed ends it too.
  Status wait(Session& session, Store& store, const Deadline& deadline,
              const std::function<void(const Work&)>& shown);

 private:
  Result<bool> scans_agree(Time since);

  const std::vector<std::string> scans_;
  Mutex mutex_;
  std::map<std::string, Time> found_nothing_ GUARDED_BY(mutex_);  // scan -> its time
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace waybill::cli
