#pragma once

#include <algorithm>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "services/held_runs.h"

namespace waybill {

struct HeartOptions {
  Duration lease{};
  Duration beat_every{};
  Duration listen_every{};  ///< shorter than beat_every, or it has no effect
};

/// Keeps leases alive with one extend() for all of them, and between these beats looks whether a
/// running task was cancelled: a read is cheap, so a cancel need not wait for the beat.
class Heart {
 public:
  Heart(WorkLedger& ledger, TaskReader& reader, Clock& clock, HeartOptions options);

  /// When there is something to do next, while `runs` holds anything.
  SteadyTime next() const { return std::min(next_beat_, next_listen_); }

  struct Pulse {
    std::vector<RunKey> lost;
    std::vector<RunKey> cancel_requested;
  };
  /// Beats for all that is held and not lost, when a beat is due. After an error the beat stays
  /// due.
  Result<Pulse> beat(HeldRuns& runs);
  /// Reads the tasks that run and were not asked to stop, when that is due.
  Result<Pulse> listen(HeldRuns& runs);

 private:
  WorkLedger& ledger_;
  TaskReader& reader_;
  Clock& clock_;
  const HeartOptions options_;
  SteadyTime next_beat_;
  SteadyTime next_listen_;
};

}  // namespace waybill
