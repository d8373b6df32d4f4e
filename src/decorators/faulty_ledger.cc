#include "decorators/faulty_ledger.h"

namespace waybill {

Result<std::vector<Inserted>> FaultyLedger::insert(std::span<const TaskRequest> requests) {
  return faults_.around("ledger.insert", [&] { return inner_.insert(requests); });
}

Result<std::vector<Task>> FaultyLedger::claim(const ClaimParams& params) {
  return faults_.around("ledger.claim", [&] { return inner_.claim(params); });
}

Result<std::vector<Status>> FaultyLedger::apply(std::span<const Change> changes) {
  return faults_.around("ledger.apply", [&] { return inner_.apply(changes); });
}

Result<std::vector<ExtendOutcome>> FaultyLedger::extend(std::span<const Extension> extensions) {
  return faults_.around("ledger.extend", [&] { return inner_.extend(extensions); });
}

Result<std::vector<Status>> FaultyLedger::record(std::span<const Report> reports) {
  return faults_.around("ledger.record", [&] { return inner_.record(reports); });
}

Result<Overdue> FaultyLedger::overdue(std::size_t limit) {
  return faults_.around("ledger.overdue", [&] { return inner_.overdue(limit); });
}

Result<std::vector<Uuid>> FaultyLedger::remove(std::span<const Uuid> ids, Time finished_before) {
  return faults_.around("ledger.remove", [&] { return inner_.remove(ids, finished_before); });
}

Result<Task> FaultyReader::get(const Uuid& id) {
  return faults_.around("reader.get", [&] { return inner_.get(id); });
}

Result<std::vector<HistoryEntry>> FaultyReader::history(const Uuid& id) {
  return faults_.around("reader.history", [&] { return inner_.history(id); });
}

Result<TaskPage> FaultyReader::page(const PageParams& params) {
  return faults_.around("reader.page", [&] { return inner_.page(params); });
}

Result<std::vector<QueueCounts>> FaultyReader::counts() {
  return faults_.around("reader.counts", [&] { return inner_.counts(); });
}

Result<std::vector<LedgerEvent>> FaultyReader::events(std::uint64_t after, std::size_t limit) {
  return faults_.around("reader.events", [&] { return inner_.events(after, limit); });
}

Result<std::uint64_t> FaultyReader::last_sequence(std::optional<std::uint64_t> past,
                                                  const Deadline& deadline) {
  return faults_.around("reader.last_sequence",
                        [&] { return inner_.last_sequence(past, deadline); });
}

Result<std::vector<Dependency>> FaultyReader::dependencies(const Uuid& id) {
  return faults_.around("reader.dependencies", [&] { return inner_.dependencies(id); });
}

Result<LedgerReader::Reported> FaultyReader::reported(const Uuid& id) {
  return faults_.around("reader.reported", [&] { return inner_.reported(id); });
}

Result<std::size_t> FaultyReader::ahead(const Uuid& id, std::size_t limit) {
  return faults_.around("reader.ahead", [&] { return inner_.ahead(id, limit); });
}

Result<Uuid> FaultyDedupKeys::holder(const std::string& key) {
  return faults_.around("keys.holder", [&] { return inner_.holder(key); });
}

Status FaultyRegistry::write_queue(const QueueSettings& settings, QueueFields fields) {
  return faults_.around("registry.write_queue",
                        [&] { return inner_.write_queue(settings, fields); });
}

Result<std::vector<QueueSettings>> FaultyRegistry::queues() {
  return faults_.around("registry.queues", [&] { return inner_.queues(); });
}

Status FaultyRegistry::put_schedule(const Schedule& schedule) {
  return faults_.around("registry.put_schedule", [&] { return inner_.put_schedule(schedule); });
}

Status FaultyRegistry::settle_schedule(const std::string& name, Time handled_until) {
  return faults_.around("registry.settle_schedule",
                        [&] { return inner_.settle_schedule(name, handled_until); });
}

Status FaultyRegistry::pause_schedule(const std::string& name, const SchedulePause& pause,
                                      Time now) {
  return faults_.around("registry.pause_schedule",
                        [&] { return inner_.pause_schedule(name, pause, now); });
}

Status FaultyRegistry::remove_schedule(const std::string& name) {
  return faults_.around("registry.remove_schedule", [&] { return inner_.remove_schedule(name); });
}

Result<std::vector<Schedule>> FaultyRegistry::schedules() {
  return faults_.around("registry.schedules", [&] { return inner_.schedules(); });
}

Status FaultyRegistry::put_worker(const WorkerInfo& worker) {
  return faults_.around("registry.put_worker", [&] { return inner_.put_worker(worker); });
}

Status FaultyRegistry::remove_worker(const std::string& name) {
  return faults_.around("registry.remove_worker", [&] { return inner_.remove_worker(name); });
}

Result<std::vector<WorkerInfo>> FaultyRegistry::workers() {
  return faults_.around("registry.workers", [&] { return inner_.workers(); });
}

}  // namespace waybill
