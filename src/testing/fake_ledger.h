#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/dedup_keys.h"
#include "ports/ledger.h"
#include "ports/ledger_reader.h"
#include "ports/registry.h"
#include "testing/ledger_table.h"

namespace waybill {

/// Ledger, reader and registry in memory, exactly by the contracts of the ports; events are kept
/// for ever. Fast enough for simulations of many thousand tasks. Thread-safe; `clock` must outlive
/// it.
class FakeLedger final : public Ledger, public LedgerReader, public DedupKeys, public Registry {
 public:
  explicit FakeLedger(Clock& clock) : clock_(clock) {}

  Time now() const override { return clock_.now(); }
  Result<std::vector<Inserted>> insert(std::span<const TaskRequest> requests) override;
  Result<std::vector<Task>> claim(const ClaimParams& params) override;
  Result<std::vector<Status>> apply(std::span<const Change> changes) override;
  Result<std::vector<ExtendOutcome>> extend(std::span<const Extension> extensions) override;
  Result<std::vector<Status>> record(std::span<const Report> reports) override;
  Result<Overdue> overdue(std::size_t limit) override;
  Result<std::vector<Uuid>> remove(std::span<const Uuid> ids, Time finished_before) override;

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
  Result<Uuid> holder(const std::string& key) override;

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
  Result<const LedgerTable::Row*> row(const Uuid& id) const REQUIRES(mutex_);
  LedgerTable::Row* leased_with(const Uuid& id, std::uint64_t fence) REQUIRES(mutex_);
  Status check_insert(std::span<const TaskRequest> requests) const REQUIRES(mutex_);
  std::vector<LedgerTable::Place> claimable(const ClaimParams& params) const REQUIRES(mutex_);
  bool has_room(const std::string& queue) const REQUIRES(mutex_);
  Status apply_one(const Change& change) REQUIRES(mutex_);
  void insert_notifications(const Change& change) REQUIRES(mutex_);

  Clock& clock_;
  mutable Mutex mutex_;
  Bell bell_;  // rung after each change, outside the lock
  LedgerTable table_ GUARDED_BY(mutex_);
  std::map<std::string, QueueSettings> queues_ GUARDED_BY(mutex_);
  std::map<std::string, Schedule> schedules_ GUARDED_BY(mutex_);
  std::map<std::string, WorkerInfo> workers_ GUARDED_BY(mutex_);
};

}  // namespace waybill
