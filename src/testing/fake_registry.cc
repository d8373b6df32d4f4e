#include <algorithm>

#include "testing/fake_ledger.h"

namespace waybill {
namespace {

template <class Map>
std::vector<typename Map::mapped_type> values(const Map& map) {
  std::vector<typename Map::mapped_type> list;
  for (const auto& [name, value] : map) list.push_back(value);
  return list;
}

}  // namespace

Status FakeLedger::write_queue(const QueueSettings& settings, QueueFields fields) {
  {
    const Lock lock(mutex_);
    QueueSettings& stored = queues_[settings.name];
    const QueueSettings before = stored;
    stored = fields == QueueFields::paused ? before : settings;
    stored.name = settings.name;
    stored.paused = fields == QueueFields::paused ? settings.paused : before.paused;
  }
  bell_.ring();
  return {};
}

Result<std::vector<QueueSettings>> FakeLedger::queues() {
  const Lock lock(mutex_);
  return values(queues_);
}

Status FakeLedger::put_schedule(const Schedule& schedule) {
  const Lock lock(mutex_);
  Schedule& stored = schedules_[schedule.name];
  const Time handled_until = std::max(stored.handled_until, schedule.handled_until);
  SchedulePause pause = std::move(stored.pause);
  stored = schedule;
  stored.handled_until = handled_until;
  stored.pause = std::move(pause);
  return {};
}

Status FakeLedger::settle_schedule(const std::string& name, Time handled_until) {
  const Lock lock(mutex_);
  const auto found = schedules_.find(name);
  if (found == schedules_.end()) return fail(Code::not_found, "no schedule '" + name + "'");
  found->second.handled_until = std::max(found->second.handled_until, handled_until);
  return {};
}

Status FakeLedger::pause_schedule(const std::string& name, const SchedulePause& pause, Time now) {
  const Lock lock(mutex_);
  const auto found = schedules_.find(name);
  if (found == schedules_.end()) return fail(Code::not_found, "no schedule '" + name + "'");
  Schedule& stored = found->second;
  if (stored.pause.is_set() && !pause.is_set()) {
    stored.handled_until = std::max(stored.handled_until, now);
  }
  stored.pause = pause;
  return {};
}

Status FakeLedger::remove_schedule(const std::string& name) {
  const Lock lock(mutex_);
  if (schedules_.erase(name) == 1) return {};
  return fail(Code::not_found, "no schedule '" + name + "'");
}

Result<std::vector<Schedule>> FakeLedger::schedules() {
  const Lock lock(mutex_);
  return values(schedules_);
}

Status FakeLedger::put_worker(const WorkerInfo& worker) {
  const Time now = clock_.now();
  const Lock lock(mutex_);
  WorkerInfo& stored = workers_[worker.name];
  stored = worker;
  stored.seen_at = now;
  return {};
}

Status FakeLedger::remove_worker(const std::string& name) {
  const Lock lock(mutex_);
  workers_.erase(name);
  return {};
}

Result<std::vector<WorkerInfo>> FakeLedger::workers() {
  const Lock lock(mutex_);
  return values(workers_);
}

}  // namespace waybill
