#include <boost/json.hpp>

#include "adapters/remote/ledger.h"
#include "adapters/remote/task_wire.h"
#include "adapters/remote/unimplemented.h"

namespace waybill {

Result<Task> RemoteReader::get(const Uuid& id) {
  const std::string path = "/v1/tasks/" + to_string(id);
  const auto answer = server_.get(path);
  if (!answer) return fail(answer.error());
  try {
    return task_from_json(*answer);
  } catch (const std::exception& error) {
    return server_.not_understood(path, error.what());
  }
}

/// Progress is for those who look at the task; a worker is given only the checkpoint.
Result<LedgerReader::Reported> RemoteReader::reported(const Uuid& id) {
  const auto held = held_.find(id);
  return Reported{.progress = {}, .checkpoint = held ? held->checkpoint : std::string()};
}

Result<std::vector<HistoryEntry>> RemoteReader::history(const Uuid&) {
  return not_for_workers("read histories");
}
Result<TaskPage> RemoteReader::page(const PageParams&) { return not_for_workers("list tasks"); }
Result<std::vector<QueueCounts>> RemoteReader::counts() { return not_for_workers("count tasks"); }
Result<std::vector<LedgerEvent>> RemoteReader::events(std::uint64_t, std::size_t) {
  return not_for_workers("read events");
}
Result<std::uint64_t> RemoteReader::last_sequence(std::optional<std::uint64_t>, const Deadline&) {
  return not_for_workers("follow events");
}
Result<std::vector<Dependency>> RemoteReader::dependencies(const Uuid&) {
  return not_for_workers("look at dependencies");
}
Result<std::size_t> RemoteReader::ahead(const Uuid&, std::size_t) {
  return not_for_workers("count the tasks ahead");
}

Status RemoteRegistry::write_queue(const QueueSettings&, QueueFields) {
  return not_for_workers("change queues");
}
Result<std::vector<QueueSettings>> RemoteRegistry::queues() {
  return not_for_workers("list queues");
}
Status RemoteRegistry::put_schedule(const Schedule&) { return not_for_workers("change schedules"); }
Status RemoteRegistry::settle_schedule(const std::string&, Time) {
  return not_for_workers("change schedules");
}
Status RemoteRegistry::remove_schedule(const std::string&) {
  return not_for_workers("change schedules");
}
Result<std::vector<Schedule>> RemoteRegistry::schedules() {
  return not_for_workers("list schedules");
}
Result<std::vector<WorkerInfo>> RemoteRegistry::workers() {
  return not_for_workers("list workers");
}

}  // namespace waybill
