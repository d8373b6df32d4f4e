#include "tests/sim/scenario.h"

#include <vector>

namespace waybill::sim {

std::span<const Scenario> scenarios() {
  using namespace std::chrono_literals;
  static const std::vector<Scenario> kAll = {
      {.name = "calm"},
      {.name = "flaky",
       .faults = {.before = 0.03, .reply_lost = 0.03},
       .broker = {.doubles = 0.2, .redelivers = 0.2, .loses_acks = 0.2}},
      {.name = "slow", .faults = {.stall = 0.02, .stall_max = 70s}, .pause_every = 90s},
      {.name = "dying",
       .faults = {.crash = 0.002},
       .behaviour = {.kills_worker = 0.05},
       .kill_every = 60s},
      {.name = "time", .faults = {.stall = 0.005}, .jump_every = 60s},
      {.name = "everything",
       .workers = 3,
       .faults = {.before = 0.01, .reply_lost = 0.01, .stall = 0.005, .crash = 0.001},
       .kill_every = 150s,
       .pause_every = 150s,
       .jump_every = 150s,
       .queue_loss_every = 200s,
       .broker = {.doubles = 0.05, .redelivers = 0.05, .loses_acks = 0.05}},
  };
  return kAll;
}

}  // namespace waybill::sim
