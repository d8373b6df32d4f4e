#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "core/pipeline/run.h"
#include "ports/artifact_index.h"
#include "ports/clock.h"
#include "ports/run_store.h"
#include "services/ledger_parts.h"
#include "services/service.h"
#include "services/url_waits.h"

namespace waybill {

struct PipelinerParams {
  std::string holder;         ///< tells this server from others
  std::size_t batch = 1'000;  ///< actions written down in one transaction
  /// And params and specs of the tasks in it, about: a transaction holds copies of them.
  std::size_t batch_bytes = std::size_t{8} << 20;
  /// How often runs that are new, or that somebody asked something of, are looked for.
  Duration look_every = std::chrono::milliseconds(200);
  /// How long after its end another server goes on.
  Duration hold = std::chrono::seconds(3);
  /// Ended runs are removed after it; zero: never.
  Duration keep{};
};

/// Whether anything is left to do for runs without somebody's help.
struct RunsAtRest {
  bool is_at_rest = false;
  std::uint64_t sequence = 0;  ///< of the ledger: all changes up to it were looked at
  Time looked_at{};            ///< runs made before were seen
  std::size_t live = 0;        ///< runs that have not ended, then
};

/// Carries live runs on: tells each what ended, and does what it says then, in transactions that
/// write down tasks and records together. What was not written down is said again by a run that is
/// opened anew, so it may end at any moment. Events of the ledger only say when to look; what a
/// task came to is read from the ledger itself, also when a run is opened, so that none is missed.
/// Each run is held by one of several servers. step() on one thread; at_rest() on any.
class Pipeliner final : public Service {
 public:
  struct Ports {
    RunStore& store;
    LedgerParts ledger;
    UrlWaits& urls;
    Clock& clock;
    std::function<double()> chance;      ///< in [0, 1)
    ArtifactIndex* artifacts = nullptr;  ///< null: no step shows any
  };
  /// The ports outlive it.
  Pipeliner(Ports ports, PipelinerParams params);
  ~Pipeliner() override;

  std::string_view name() const override { return "pipeliner"; }
  Result<Duration> step(const Deadline& deadline) override;
  /// Lets another server go on at once; after the last step.
  void release();
  RunsAtRest at_rest() const;

 private:
  /// A run in memory.
  struct Open;
  using Runs = std::map<Uuid, std::unique_ptr<Open>>;

  // pipeliner.cc
  Status look(const Deadline& deadline);
  Status see(const pipeline::KeptRun& run);
  /// Holds those that are in memory for longer, and takes those that run and nobody holds: one
  /// call, however many they are. Lets go of those that another server holds.
  Status hold_running(const std::vector<pipeline::KeptRun>& runs);
  /// Whether it is in memory now; not if another server holds it, or it is not its turn.
  Result<bool> take_up(const pipeline::KeptRun& run);
  /// Begins one that waits for its turn, or that is to end.
  Result<bool> begin_waiting(const pipeline::KeptRun& run);
  RunHold hold_of(const Uuid& run, std::uint32_t running_max) const;
  bool is_left_alone(const Uuid& run);
  void leave_alone(const Uuid& run, const Error& error);
  Status read_news();
  Status read_urls();
  Status hear_of_task(Open& open, const Uuid& task);
  /// What a task has left, for its run; empty where its step shows nothing.
  Result<std::string> artifacts_of(const Open& open, const std::string& path, const Uuid& task);
  Status hear_of_asked(Open& open, const pipeline::KeptRun& run);
  Status advance(Open& open);
  /// Takes the tasks out of the actions.
  Status write_down(Open& open, std::vector<pipeline::Action>& actions);
  Status end_task(const pipeline::action::Cancel& cancel);
  /// Writes it down, with who is told if that ends the run.
  Status settle(const pipeline::KeptRun& run, const pipeline::Plan& plan, RunSettlement settlement);
  /// A run that could not be seen to: left alone for a while, or ended where that is for good.
  Status end_broken(const pipeline::KeptRun& run, const Error& error);
  /// Also those of which its records say nothing.
  Status end_tasks_of(const Uuid& run, const std::string& reason);
  Status go_to_newest();
  Result<std::uint32_t> running_max_of(const pipeline::KeptRun& run);
  void note_rest(std::uint64_t sequence);
  Status tidy();
  bool is_moving(const Open& open) const;
  /// Lets go of it in memory: the next look opens it from its records.
  void forget(const Uuid& run);

  // pipeliner_open.cc
  Result<std::shared_ptr<const pipeline::Plan>> plan_of(const pipeline::KeptRun& run);
  Result<std::unique_ptr<Open>> open(const pipeline::KeptRun& run);
  Result<std::vector<pipeline::KeptNode>> all_nodes(const Uuid& run);
  Status resume(Open& open, const std::vector<pipeline::KeptNode>& nodes);
  /// What of another run need not be done again.
  Result<std::map<std::string, pipeline::Reusable>> reusable_for(const pipeline::KeptRun& run,
                                                                 const pipeline::Plan& plan);
  /// Of nodes of a run, by path, with whether they were reused: those whose task, in whatever run
  /// it was, is not there any more. A few calls, however many they are.
  Result<std::set<std::string>> without_their_tasks(pipeline::KeptRun run,
                                                    std::map<std::string, bool> nodes);
  /// Which nodes of a run were reused, by path.
  Result<std::map<std::string, bool>> reused_in(const Uuid& run);

  const Ports ports_;
  const PipelinerParams params_;
  Runs runs_;
  std::unordered_map<Uuid, Uuid> run_of_task_;  ///< of tasks that run
  std::uint64_t seen_ = 0;                      ///< changes of the ledger up to it were looked at
  SteadyTime next_look_{};
  SteadyTime next_tidy_{};
  Time looked_at_{};
  std::size_t held_by_others_ = 0;
  std::size_t live_ = 0;
  std::map<std::string, std::uint32_t> running_max_;  ///< by the digest of the plan
  std::map<std::string, std::uint32_t> running_;      ///< by pipeline, of those seen in this look
  std::map<Uuid, SteadyTime> newly_held_;  ///< not in memory yet; until when, by this page's look
  /// Runs that could not be carried on, or that another server holds.
  std::map<Uuid, SteadyTime> left_alone_until_;
  mutable Mutex mutex_;
  RunsAtRest rest_ GUARDED_BY(mutex_);
};

}  // namespace waybill
