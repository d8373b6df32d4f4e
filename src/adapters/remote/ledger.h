#pragma once

#include <stop_token>
#include <string>

#include "adapters/remote/held.h"
#include "adapters/remote/server.h"
#include "base/mutex.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"

namespace waybill {

/// Who claims, as the server's list of workers shows it.
struct RemoteWorker {
  std::string name;
  std::string host;
  std::int64_t process_id = 0;
  std::string version{};
  std::size_t slots = 1;
  Time started_at{};
  Duration lease = std::chrono::seconds(25);
};

/// A claim that waits at the server. Asked again as it is, it is answered the same tasks, while the
/// server runs: so a lost answer loses none.
struct RemoteClaim {
  ClaimParams params;
  Duration wait{};
  std::string key;        ///< Idempotency-Key
  SteadyTime asked_at{};  ///< first: no lease of its tasks is older
  bool is_again = false;  ///< its answer was lost
};

/// What a worker asks of a ledger, over a server's API. `apply` sends what happened, and the server
/// makes the change by its own clock and chance; `invalid_argument` for what comes of no run.
/// Thread-safe; blocks.
class RemoteLedger final : public WorkLedger {
 public:
  RemoteLedger(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteWorker worker);

  /// This machine's clock: times are sent as spans, so that the server's clock alone counts.
  Time now() const override { return clock_.now(); }
  Result<std::vector<Task>> claim(const ClaimParams& params) override {
    return claim_waiting(new_claim(params, Duration::zero()), {});
  }
  RemoteClaim new_claim(const ClaimParams& params, Duration wait);
  /// Waits at the server for a task, or until `stop`: a task that is given out at that very moment
  /// is lost until its lease has run out.
  Result<std::vector<Task>> claim_waiting(const RemoteClaim& claim, std::stop_token stop);
  /// Whether the server is there, and lets this worker in.
  Status greet();
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;

 private:
  Status apply_some(std::span<const Change> changes, std::vector<Status>& answers);

  RemoteServer& server_;
  HeldTasks& held_;
  Clock& clock_;
  const RemoteWorker worker_;
};

/// Looks at single tasks, and knows the checkpoints that came with the claims. Thread-safe; blocks.
class RemoteReader final : public TaskReader {
 public:
  RemoteReader(RemoteServer& server, HeldTasks& held) : server_(server), held_(held) {}

  Result<Task> get(const Uuid& id) override;
  Result<Reported> reported(const Uuid& id) override;

 private:
  RemoteServer& server_;
  HeldTasks& held_;
};

/// The server learns of a worker by its claims, so there is nothing to put; that it leaves has to
/// be said. Thread-safe; blocks.
class RemoteRoll final : public WorkerRoll {
 public:
  explicit RemoteRoll(RemoteServer& server) : server_(server) {}
  Status put_worker(const WorkerInfo&) override { return {}; }
  Status remove_worker(const std::string& name) override;

 private:
  RemoteServer& server_;
};

}  // namespace waybill
