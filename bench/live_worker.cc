#include "bench/live_worker.h"

#include <utility>

#include "adapters/file/log_store.h"
#include "adapters/file/scratch_space.h"
#include "adapters/sqlite/sqlite_ledger.h"
#include "base/rng.h"
#include "ports/bell.h"
#include "services/ledger_watch.h"
#include "services/side_thread.h"
#include "services/thread_executor.h"
#include "services/worker.h"
#include "services/worker_loop.h"

namespace waybill::bench {

struct LiveWorker::Parts {
  Parts(Clock& clock, const LiveLedger& the_ledger, std::unique_ptr<FileScratchSpace> the_scratch,
        const LiveWorkerParams& params)
      : on(the_ledger),
        scratch(std::move(the_scratch)),
        logs(params.directory + "/logs"),
        executor({.clock = clock, .logs = logs, .scratch = *scratch, .bell = bell}, params.kinds,
                 params.slots),
        worker({.ledger = on.ledger,
                .reader = on.reader,
                .registry = on.registry,
                .clock = clock,
                .executor = executor,
                .side = &side},
               {.name = "bench", .host = "localhost", .slots = params.slots}, Rng(1)),
        loop(worker, bell, clock),
        watch(on.reader, {&bell}, clock) {}

  std::unique_ptr<SqliteLedger> own{};  ///< null: it is somebody else's
  const LiveLedger on;
  std::unique_ptr<FileScratchSpace> scratch;
  FileLogStore logs;
  Bell bell;
  ThreadExecutor executor;
  SideThread side;
  Worker worker;
  WorkerLoop loop;
  LedgerWatch watch;
};

Result<std::unique_ptr<LiveWorker>> LiveWorker::create(Clock& clock,
                                                       const LiveWorkerParams& params) {
  auto ledger = SqliteLedger::create(params.directory + "/ledger.db", clock);
  if (!ledger) return fail(ledger.error());
  auto worker =
      create(clock, params, {(*ledger)->ledger(), (*ledger)->reader(), (*ledger)->registry()});
  if (worker) (*worker)->parts_->own = std::move(*ledger);
  return worker;
}

Result<std::unique_ptr<LiveWorker>> LiveWorker::create(Clock& clock, const LiveWorkerParams& params,
                                                       const LiveLedger& on) {
  auto scratch = FileScratchSpace::open(params.directory + "/scratch", "bench");
  if (!scratch) return fail(scratch.error());
  auto parts = std::make_unique<Parts>(clock, on, std::move(*scratch), params);
  return std::unique_ptr<LiveWorker>(new LiveWorker(std::move(parts)));
}

LiveWorker::LiveWorker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
LiveWorker::~LiveWorker() = default;

Ledger& LiveWorker::ledger() { return parts_->on.ledger; }
LedgerReader& LiveWorker::reader() { return parts_->on.reader; }

}  // namespace waybill::bench
