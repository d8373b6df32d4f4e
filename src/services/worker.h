#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/deadline.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "ports/clock.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/queue.h"
#include "ports/registry.h"
#include "services/claimer.h"
#include "services/executor.h"
#include "services/heard_ledger.h"
#include "services/heart.h"
#include "services/held_runs.h"
#include "services/recorder.h"
#include "services/service.h"
#include "services/side_thread.h"

namespace waybill {

struct WorkerOptions {
  std::string name;  ///< unique: host, process id and a random part
  std::string host;
  std::int64_t process_id = 0;
  std::string version{};
  std::vector<std::string> queues;      ///< empty: every queue, also those that appear later
  std::size_t slots = 4;                ///< runs at a time, not counting kinds that run inline
  std::size_t inline_batch = 512;       ///< tasks of inline kinds that are claimed together
  std::size_t inline_batch_max = 2048;  ///< as many while that takes little time
  /// A dead worker's tasks are free again after this: 25 s and the rescuer's part stay below 30 s,
  /// and a live worker loses no task before its second beat in a row has failed.
  Duration lease = std::chrono::seconds(25);
  Duration beat_every = std::chrono::seconds(10);
  Duration listen_every = std::chrono::seconds(1);  ///< how soon a running task's cancel is seen
  Duration poll_every = std::chrono::seconds(1);    ///< looks for work also if nobody rang
  /// Where there are hints: how often tasks are looked for that no hint names.
  Duration sweep_every = std::chrono::seconds(10);
  Duration report_every = std::chrono::seconds(1);  ///< how often progress is made durable
  Duration register_every = std::chrono::seconds(10);
  Duration retry_every = std::chrono::milliseconds(200);  ///< while the ledger is unavailable
};

/// `invalid_argument` names the option and what would be right (a lease longer than two beats, …).
Status check_worker_options(const WorkerOptions& options);

/// What a worker works with; all of it outlives the worker.
struct WorkerPorts {
  WorkLedger& ledger;
  TaskReader& reader;
  WorkerRoll& registry;
  Clock& clock;
  Executor& executor;
  Queue* hints = nullptr;  ///< its messages are as make_hint makes them; null: none
  /// Records what came of a batch of inline tasks while the next one is claimed; null: one after
  /// the other.
  SideThread* side = nullptr;
};

/// Claims tasks, has them run, keeps their leases alive, and records how they ended.
///
/// A state machine: step() does what is due and never waits for a run, so that it runs in one
/// thread under simulation too. Three promises: nothing is recorded under a lease that is
/// another's; a run whose lease is lost is stopped and what comes of it discarded; a task is not
/// started here while an older run of it has not ended. Not thread-safe.
class Worker final : public Service {
 public:
  /// The options have passed check_worker_options.
  Worker(WorkerPorts ports, WorkerOptions options, Rng rng);

  std::string_view name() const override { return "worker"; }
  /// Does what is due; answers how long to wait before the next step if nothing rings before (a run
  /// has ended, the ledger has changed). The ledger's `unavailable` and `resource_exhausted` are
  /// waited out inside; any other error of it is returned.
  Result<Duration> step(const Deadline& deadline) override;

  /// No new work from now on; runs that have not ended at `stop_runs_at` are asked to stop and
  /// their tasks given back. An earlier time replaces a later one.
  void drain(SteadyTime stop_runs_at);
  /// After drain(): nothing is held any more, and the registry was told.
  bool drained() const { return drained_; }

  /// Tasks that are running, waiting to start, or ended and not yet recorded.
  std::size_t held() const { return runs_.size(); }

 private:
  Status work();
  Status claim_next();
  Status record();
  void tell_of_ledger(const Status& worked, std::uint64_t answers_before);
  Status beat();
  void on_pulse(const Heart::Pulse& pulse);
  Status report();
  Status claim();
  bool may_record_beside() const;
  void collect_finished();
  void watch_runs();
  void start_waiting();
  Status start(HeldRun& run);
  void stop_run(const RunKey& key, StopReason why);
  void register_when_due();
  void finish_drain();
  Duration wait_after(bool ledger_away) const;

  WorkerPorts ports_;
  WorkerOptions options_;
  HeldRuns runs_;
  HeardLedger ledger_;
  Heart heart_;
  Recorder recorder_;
  Claimer claimer_;
  std::vector<RunnableKind> kinds_;
  std::vector<RunKey> waiting_;  ///< claimed, not started yet

  Time started_at_{};
  SteadyTime next_register_{};
  SteadyTime next_report_{};
  SteadyTime next_watch_ = kSteadyTimeMax;  ///< the first deadline or end of a lease
  bool more_ready_ = false;                 ///< the last claim was full
  bool ledger_was_away_ = false;
  bool recording_fails_ = false;  // the last time
  std::optional<SteadyTime> drain_at_;
  bool drained_ = false;
};

}  // namespace waybill
