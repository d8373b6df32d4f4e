#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "core/schedule.h"
#include "ports/ledger.h"
#include "ports/registry.h"
#include "services/service.h"

namespace waybill {

struct SchedulerParams {
  std::size_t fires_max = 100;  ///< of one schedule in one step
  /// The longest wait: schedules that others add or change are seen this soon.
  Duration wait_max = std::chrono::seconds(1);
};

/// Makes the tasks that schedules owe. A nominal time is settled after its task is in the ledger
/// under a key that is never given twice: so it may stop anywhere, and any number may run at once,
/// and each nominal time fires once. What a schedule missed while it was paused is not owed.
class Scheduler final : public Service {
 public:
  Scheduler(Ledger& ledger, Registry& registry, const SchedulerParams& params = {})
      : ledger_(ledger), registry_(registry), params_(params) {}

  std::string_view name() const override { return "scheduler"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  /// The wait until this schedule has to be looked at again.
  Result<Duration> handle(const Schedule& schedule);
  Status insert(const Schedule& schedule, const std::vector<Time>& nominal);
  Status settle(const std::string& schedule, Time until);
  void log_failure(const std::string& schedule, const Error& error);

  Ledger& ledger_;
  Registry& registry_;
  const SchedulerParams params_;
  std::map<std::string, std::string> failing_;  // schedule -> the message that was logged
};

}  // namespace waybill
