#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "services/executor.h"
#include "testing/ledger_auditor.h"
#include "testing/stage.h"
#include "tests/sim/scenario.h"

namespace waybill::sim {

/// Runs tasks in simulated time: how long each takes and how it ends is chance. Some do not stop
/// when they are asked to, and some kill the process.
class SimExecutor final : public Executor {
 public:
  struct World {
    Stage& stage;
    LedgerAuditor& auditor;
    const Behaviour& behaviour;  ///< may change while it runs
    std::function<void()> kill_process;
  };
  SimExecutor(std::string worker, World world, Rng rng)
      : worker_(std::move(worker)), world_(std::move(world)), rng_(rng) {}

  std::vector<RunnableKind> kinds() const override;
  void start(const Task& task, RunTerms terms) override;
  void request_stop(const RunKey& key, StopReason why) override;
  std::vector<FinishedRun> take_finished() override;
  std::vector<Report> take_reports() override;

  /// When the first run will have ended.
  SteadyTime next_end() const;

 private:
  struct Run {
    Task task;
    SteadyTime ends_at{};
    Outcome outcome;
    bool kills = false;
  };

  Duration up_to(Duration longest);
  Outcome choose_outcome();

  const std::string worker_;
  const World world_;
  Rng rng_;
  std::vector<Run> runs_;
};

}  // namespace waybill::sim
