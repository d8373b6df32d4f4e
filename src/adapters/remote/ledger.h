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

/// The part of a ledger that a worker needs, over a server's API: claim, apply, extend, record.
/// What else a ledger does is `unimplemented`: the server does it. `apply` sends what happened, and
/// the server makes the change by its own clock and chance. Thread-safe; blocks.
class RemoteLedger final : public Ledger {
 public:
  RemoteLedger(RemoteServer& server, HeldTasks& held, Clock& clock, RemoteWorker worker);

  /// This machine's clock: times are sent as spans, so that the server's clock alone counts.
  Time now() const override { return clock_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

 private:
  Status apply_some(std::span<const Change> changes, std::vector<Status>& answers);

  RemoteServer& server_;
  HeldTasks& held_;
  Clock& clock_;
  const RemoteWorker worker_;
};

/// Looks at single tasks, and knows the checkpoints that came with the claims; all else is
/// `unimplemented`. Thread-safe; blocks.
class RemoteReader final : public LedgerReader {
 public:
  RemoteReader(RemoteServer& server, HeldTasks& held) : server_(server), held_(held) {}

  Result<Task> get(const Uuid& id) override;
  Result<std::vector<HistoryEntry>> history(const Uuid& id) override;
  Result<TaskPage> page(const PageParams& params) override;
  Result<std::vector<QueueCounts>> counts() override;
  Result<std::vector<LedgerEvent>> events(std::uint64_t after, std::size_t limit) override;
  Result<std::uint64_t> last_sequence(std::optional<std::uint64_t> past,
                                      const Deadline& deadline) override;
  Result<std::vector<Dependency>> dependencies(const Uuid& id) override;
  Result<Reported> reported(const Uuid& id) override;
  Result<std::size_t> ahead(const Uuid& id, std::size_t limit) override;

 private:
  RemoteServer& server_;
  HeldTasks& held_;
};

/// Sends what runs write, each piece before append() answers, so that a finish never overtakes it.
/// What is not UTF-8 becomes U+FFFD. It only appends. Thread-safe; blocks.
class RemoteLogStore final : public LogStore {
 public:
  RemoteLogStore(RemoteServer& server, HeldTasks& held) : server_(server), held_(held) {}

  Status append(const Uuid& task, const LogChunk& chunk) override;
  Result<LogPage> read(const Uuid& task, const std::string& cursor,
                       std::size_t limit_bytes) override;
  Status remove(const Uuid& task) override;
  Result<LoggedTasks> logged(const std::string& cursor) override;

 private:
  RemoteServer& server_;
  HeldTasks& held_;
};

/// The server learns of a worker by its claims, so there is nothing to put. Stateless.
class RemoteRegistry final : public Registry {
 public:
  Status write_queue(const QueueSettings& settings, QueueFields fields) override;
  Result<std::vector<QueueSettings>> queues() override;
  Status put_schedule(const Schedule& schedule) override;
  Status settle_schedule(const std::string& name, Time handled_until) override;
  Status remove_schedule(const std::string& name) override;
  Result<std::vector<Schedule>> schedules() override;
  Status put_worker(const WorkerInfo&) override { return {}; }
  Status remove_worker(const std::string&) override { return {}; }
  Result<std::vector<WorkerInfo>> workers() override;
};

}  // namespace waybill
