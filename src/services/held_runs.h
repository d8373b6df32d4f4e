#pragma once

#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/time.h"
#include "core/task.h"
#include "core/transition.h"
#include "services/executor.h"

namespace waybill {

/// A lease of ours and the run under it: claimed, then started, then ended with a verdict, until
/// the verdict is in the ledger.
struct HeldRun {
  Task task;                 ///< as last read from the ledger
  SteadyTime lease_until{};  ///< counted from before the call that got it, so never too late
  SteadyTime deadline = kSteadyTimeMax;  ///< of the run, by run_time_max
  bool takes_slot = true;
  bool started = false;
  std::optional<StopReason> stop;  ///< why it was asked to stop
  std::optional<Event> verdict;    ///< how it ended, not yet in the ledger

  bool lost() const { return stop == StopReason::lost; }
  bool running() const { return started && !verdict; }
};

/// All that a worker holds, by run. Not thread-safe.
class HeldRuns {
 public:
  using Map = std::unordered_map<RunKey, HeldRun, RunKeyHash>;

  HeldRun& add(HeldRun run);
  /// Null when it is not held (any more).
  HeldRun* find(const RunKey& key);
  void erase(const RunKey& key);
  /// Puts a run's verdict up for record(). The run is held.
  void end(const RunKey& key, Event verdict);
  /// Those with a verdict, in the order in which they ended; the caller gives back what it could
  /// not record.
  std::vector<RunKey> take_ended() { return std::exchange(ended_, {}); }
  void put_back(const RunKey& key) { ended_.push_back(key); }
  bool any_ended() const { return !ended_.empty(); }
  /// Whether a slot is free once what has ended is recorded.
  bool slots_end() const;

  /// Whether another run of the same task is still here.
  bool rival_of(const RunKey& key) const;
  std::size_t slots_taken() const { return slots_taken_; }
  std::size_t size() const { return runs_.size(); }
  Map::iterator begin() { return runs_.begin(); }
  Map::iterator end() { return runs_.end(); }

 private:
  Map runs_;
  std::vector<RunKey> ended_;
  std::size_t slots_taken_ = 0;
};

}  // namespace waybill
