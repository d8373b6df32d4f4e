#pragma once

#include "decorators/faults.h"
#include "ports/dedup_keys.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"

namespace waybill {

/// A ledger whose calls go wrong. `inner` and `faults` outlive it, as for those below.
class FaultyLedger final : public Ledger {
 public:
  FaultyLedger(Ledger& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  Time now() const override { return inner_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

 private:
  Ledger& inner_;
  Faults& faults_;
};

/// A reader whose calls go wrong.
class FaultyReader final : public LedgerReader {
 public:
  FaultyReader(LedgerReader& inner, Faults& faults) : inner_(inner), faults_(faults) {}

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
  LedgerReader& inner_;
  Faults& faults_;
};

/// The same of who holds which key.
class FaultyDedupKeys final : public DedupKeys {
 public:
  FaultyDedupKeys(DedupKeys& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  Result<Uuid> holder(const std::string& key) override;

 private:
  DedupKeys& inner_;
  Faults& faults_;
};

/// A registry whose calls go wrong.
class FaultyRegistry final : public Registry {
 public:
  FaultyRegistry(Registry& inner, Faults& faults) : inner_(inner), faults_(faults) {}

  Status write_queue(const QueueSettings& settings, QueueFields fields) override;
  Result<std::vector<QueueSettings>> queues() override;
  Status put_schedule(const Schedule& schedule) override;
  Status settle_schedule(const std::string& name, Time handled_until) override;
  Status pause_schedule(const std::string& name, const SchedulePause& pause, Time now) override;
  Status remove_schedule(const std::string& name) override;
  Result<std::vector<Schedule>> schedules() override;
  Status put_worker(const WorkerInfo& worker) override;
  Status remove_worker(const std::string& name) override;
  Result<std::vector<WorkerInfo>> workers() override;

 private:
  Registry& inner_;
  Faults& faults_;
};

}  // namespace waybill
