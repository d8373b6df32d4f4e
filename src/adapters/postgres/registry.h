#pragma once

#include "adapters/postgres/database.h"
#include "adapters/postgres/timekeeper.h"
#include "ports/registry.h"

namespace waybill::postgres {

class PostgresRegistryPort final : public Registry {
 public:
  PostgresRegistryPort(Database& database, Timekeeper& time) : database_(database), time_(time) {}

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
  Database& database_;
  Timekeeper& time_;
};

}  // namespace waybill::postgres
