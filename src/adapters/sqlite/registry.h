#pragma once

#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/registry.h"

namespace waybill::sqlite {

class SqliteRegistryPort final : public Registry {
 public:
  SqliteRegistryPort(Writer& writer, ReaderPool& readers, Clock& clock)
      : writer_(writer), readers_(readers), clock_(clock) {}

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
  Writer& writer_;
  ReaderPool& readers_;
  Clock& clock_;
};

}  // namespace waybill::sqlite
