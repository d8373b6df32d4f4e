#pragma once

#include <memory>
#include <optional>
#include <stop_token>

#include "apps/waybill/kinds.h"
#include "apps/waybill/runtime/task_broker.h"
#include "apps/waybill/session.h"
#include "ports/artifact_shelf.h"
#include "ports/bell.h"
#include "ports/scratch_space.h"
#include "ports/secret_source.h"
#include "services/hint_feed.h"
#include "services/ledger_watch.h"
#include "services/rule_desk.h"
#include "services/side_thread.h"
#include "services/thread_executor.h"
#include "services/worker.h"
#include "services/worker_loop.h"

namespace waybill::cli {

/// A worker's options by the session's settings, with a name of its own.
WorkerOptions worker_options(Session& session);

/// A worker of this process with all that it needs, running from start to destruction.
class WorkerHost {
 public:
  /// What it works on; all of it outlives the worker.
  struct Ports {
    WorkLedger& ledger;
    TaskReader& reader;
    WorkerRoll& registry;
    LogSink& logs;
    /// Tells of changes; null: it looks for work by the setting `poll` alone.
    LedgerReader* changes = nullptr;
    /// Tells which tasks are ready; null: the ledger is asked. Needs `changes`, or names of queues.
    TaskBroker* broker = nullptr;
    /// Rung by the ledger when there may be work; null: by nobody.
    Bell* bell = nullptr;
  };
  /// Works by the session's settings, and runs what `rules` let (null: everything). `broker`: see
  /// Ports. All outlive it.
  static Result<std::unique_ptr<WorkerHost>> start(Session& session, Store& store, RuleDesk* rules,
                                                   TaskBroker* broker);
  /// Likewise, of these kinds, with these options.
  struct Terms {
    Kinds kinds;
    WorkerOptions options;
    TaskBroker* broker = nullptr;
  };
  static Result<std::unique_ptr<WorkerHost>> start(Session& session, Store& store, RuleDesk* rules,
                                                   Terms terms);
  struct Parts {
    Kinds kinds;
    std::unique_ptr<ScratchSpace> scratch;
    WorkerOptions options;
    std::unique_ptr<WorkLedger> ruled{};  ///< the ledger as rules show it; null: as it is
    std::unique_ptr<SecretSource> secrets = nullptr;     ///< null: its tasks are given none
    std::unique_ptr<ArtifactShelf> artifacts = nullptr;  ///< null: its tasks leave none
  };
  /// For start(): the options have been checked.
  WorkerHost(Session& session, Ports ports, Parts parts);
  /// Stops at once what still runs, and gives it back.
  ~WorkerHost() = default;

  std::vector<std::string> kinds() const { return parts_.kinds.names(); }

  /// Takes no new work, waits for what runs, and after `grace` gives back what has not ended.
  void stop(Duration grace) { loop_.stop(grace); }
  /// See WorkerLoop.
  std::stop_token broken() const { return loop_.broken(); }
  std::optional<Error> failure() { return loop_.failure(); }

 private:
  const Parts parts_;
  Bell own_bell_;
  Bell& bell_;
  const std::unique_ptr<HintFeed> hints_;
  ThreadExecutor executor_;
  SideThread side_;
  Worker worker_;
  WorkerLoop loop_;
  std::optional<LedgerWatch> watch_;
};

}  // namespace waybill::cli
