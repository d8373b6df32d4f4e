#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "services/executor.h"
#include "services/report_board.h"
#include "services/run_context.h"

namespace waybill {

/// Runs tasks on a fixed number of threads; kinds that run inline in start() itself.
class ThreadExecutor final : public Executor {
 public:
  /// The kinds outlive the executor. `threads` is the worker's number of slots: that many runs are
  /// under way at a time, more wait for a thread. Reports ring the bell at most once in
  /// `report_every`, however often runs have something to say: the worker's own, which looks for
  /// reports again after that time.
  ThreadExecutor(ExecutorPorts ports, const std::vector<TaskKind*>& kinds, std::size_t threads,
                 Duration report_every = std::chrono::seconds(1));
  /// Asks what still runs to stop, and waits for it.
  ~ThreadExecutor() override;
  ThreadExecutor(const ThreadExecutor&) = delete;
  ThreadExecutor& operator=(const ThreadExecutor&) = delete;

  std::vector<RunnableKind> kinds() const override;
  void start(const Task& task, RunTerms terms) override;
  void request_stop(const RunKey& key, StopReason why) override;
  std::vector<FinishedRun> take_finished() override;
  std::vector<Report> take_reports() override { return reports_.take(); }

 private:
  struct Run {
    Run(ExecutorPorts ports, ReportBoard& reports, const Task& the_task, RunTerms terms)
        : task(the_task), context(ports, reports, the_task, std::move(terms)) {}
    const Task task;
    RunContext context;
  };

  void serve();
  Outcome run_with_scratch(Run& run);
  Outcome run(const Task& task, RunContext& context);
  void finish(const RunKey& key, Outcome outcome);

  const ExecutorPorts ports_;
  std::map<std::string, TaskKind*, std::less<>> kinds_;
  ReportBoard reports_;

  Mutex mutex_;
  Condition changed_;
  bool closed_ GUARDED_BY(mutex_) = false;
  // Shared by this map and the thread that runs it: request_stop must not outlive the run.
  std::unordered_map<RunKey, std::shared_ptr<Run>, RunKeyHash> active_ GUARDED_BY(mutex_);
  std::deque<std::shared_ptr<Run>> queued_ GUARDED_BY(mutex_);
  std::vector<FinishedRun> finished_ GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace waybill
