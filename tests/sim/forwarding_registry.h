#pragma once

#include <string>
#include <vector>

#include "ports/registry.h"

namespace waybill::sim {

/// Passes every call on.
class ForwardingRegistry : public Registry {
 public:
  explicit ForwardingRegistry(Registry& inner) : inner_(inner) {}

  Status write_queue(const QueueSettings& settings, QueueFields fields) override {
    return inner_.write_queue(settings, fields);
  }
  Result<std::vector<QueueSettings>> queues() override { return inner_.queues(); }
  Status put_schedule(const Schedule& schedule) override { return inner_.put_schedule(schedule); }
  Status settle_schedule(const std::string& name, Time handled_until) override {
    return inner_.settle_schedule(name, handled_until);
  }
  Status pause_schedule(const std::string& name, const SchedulePause& pause, Time now) override {
    return inner_.pause_schedule(name, pause, now);
  }
  Status remove_schedule(const std::string& name) override { return inner_.remove_schedule(name); }
  Result<std::vector<Schedule>> schedules() override { return inner_.schedules(); }
  Status put_worker(const WorkerInfo& worker) override { return inner_.put_worker(worker); }
  Status remove_worker(const std::string& name) override { return inner_.remove_worker(name); }
  Result<std::vector<WorkerInfo>> workers() override { return inner_.workers(); }

 protected:
  Registry& inner_;
};

}  // namespace waybill::sim
