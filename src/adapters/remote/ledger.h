#pragma once

#include <string>

#include "adapters/remote/held.h"
#include "adapters/remote/server.h"
#include "base/mutex.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/log_store.h"
#include "ports/registry.h"

namespace waybill {

/// Who claims, as the server's list of workers shows it.
struct RemoteWorker {
  std::string name;
  std::string host;
  std::size_t slots = 1;
  Duration lease = std::chrono::seconds(25);
};

/// What a worker asks of a ledger, over a server's API. `apply` sends what happened, and the server
/// makes the change by its own clock and chance; `invalid_argument` for what comes of no run.
/// Thread-safe; blocks.
class RemoteLedger final : public WorkLedger {
 public:
  RemoteLedger(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteWorker worker);

  /// This machine's clock: times are sent as spans, so that the server's clock alone counts.
  Time now() const override { return clock_.now(); }
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
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

/// Sends what runs write, each piece before append() answers, so that a finish never overtakes it.
/// What is not UTF-8 becomes U+FFFD. Thread-safe; blocks.
class RemoteLogs final : public LogSink {
 public:
  RemoteLogs(RemoteServer& server, HeldTasks& held) : server_(server), held_(held) {}

  Status append(const Uuid& task, const LogChunk& chunk) override;

 private:
  RemoteServer& server_;
  HeldTasks& held_;
};

/// The server learns of a worker by its claims, so there is nothing to put. Stateless.
class RemoteRoll final : public WorkerRoll {
 public:
  Status put_worker(const WorkerInfo&) override { return {}; }
  Status remove_worker(const std::string&) override { return {}; }
};

}  // namespace waybill
