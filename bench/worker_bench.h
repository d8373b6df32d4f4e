#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "bench/report.h"

namespace waybill {
class Clock;
}

namespace waybill::bench {

struct WorkerBenchParams {
  std::string directory;  ///< existing and empty; on the disk that is measured
  std::size_t repetitions = 5;
  std::size_t life_tasks = 100'000;  ///< of `life_noop`, each repetition
  std::size_t paced_tasks = 3'000;   ///< of the start latency, each repetition, at 1,000/s
};

/// `life_noop`: no-op tasks from enqueue (calls of 1,000) to success, a real worker running beside.
Result<Measurement> measure_life(Clock& clock, const WorkerBenchParams& params);

/// `start_p50_ms`, `start_p99_ms`: from the call of insert to the first line of the task's run, at
/// 1,000 tasks a second offered one at a time.
Result<std::vector<Measurement>> measure_start(Clock& clock, const WorkerBenchParams& params);

}  // namespace waybill::bench
