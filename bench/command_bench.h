#pragma once

#include <cstddef>
#include <string>

#include "base/result.h"
#include "bench/report.h"

namespace waybill {
class Clock;
}

namespace waybill::bench {

struct CommandBenchParams {
  std::string directory;  ///< existing; scratch directories are made in it
  std::size_t repetitions = 5;
  std::size_t rounds = 20;  ///< of 10 commands in parallel, each repetition
};

/// `command_overhead_ms`: what a `command` task takes beyond posix_spawn and wait of the same
/// program (/bin/true), 10 at a time on 10 threads: wall time of the round over its 10 runs.
Result<Measurement> measure_command(Clock& clock, const CommandBenchParams& params);

}  // namespace waybill::bench
