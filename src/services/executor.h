#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"
#include "core/task.h"
#include "ports/ledger.h"
#include "ports/task_kind.h"

namespace waybill {

/// One run of one task: an attempt under a lease. The same task may be here twice, when its old run
/// has lost the lease and is still ending.
struct RunKey {
  Uuid task;
  std::uint64_t fence = 0;

  bool operator==(const RunKey&) const = default;
};
struct RunKeyHash {
  std::size_t operator()(const RunKey& key) const noexcept {
    return std::hash<Uuid>{}(key.task) + key.fence;
  }
};
inline RunKey run_key(const Task& task) { return {task.id(), task.status.fence}; }

/// Why a run is asked to stop, the weakest first: a stronger reason replaces a weaker one.
enum class StopReason : std::uint8_t {
  worker_stops,
  timed_out,  ///< it ran longer than run_time_max
  cancel,     ///< somebody asked for it
  lost,       ///< the lease is another's by now, or may be: what comes of the run is discarded
};

/// On what terms a run is started.
struct RunTerms {
  std::string checkpoint;                ///< of the attempt before; empty: none
  SteadyTime deadline = kSteadyTimeMax;  ///< when the worker will ask it to stop
};

struct FinishedRun {
  RunKey key;
  Outcome outcome;
};

struct RunnableKind {
  std::string name;
  bool runs_inline = false;  ///< see TaskKind::runs_inline
};

/// Runs tasks. Called by one worker, from one thread; no call waits for a run to end, but start()
/// of a kind that runs inline.
class Executor {
 public:
  virtual ~Executor() = default;
  /// The kinds that can be started here.
  virtual std::vector<RunnableKind> kinds() const = 0;
  /// Starts a leased task of one of those kinds. The caller keeps to its number of slots.
  virtual void start(const Task& task, RunTerms terms) = 0;
  /// Asks a run to end soon; it is finished when take_finished says so. Passes over unknown keys.
  virtual void request_stop(const RunKey& key, StopReason why) = 0;
  /// Runs that have ended since the last call: each started run exactly once.
  virtual std::vector<FinishedRun> take_finished() = 0;
  /// What runs have said since the last call: the latest progress and checkpoint of each. What a
  /// run said before it ended is here no later than its end is in take_finished.
  virtual std::vector<Report> take_reports() = 0;
};

}  // namespace waybill
