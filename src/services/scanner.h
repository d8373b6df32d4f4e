#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/definition.h"
#include "services/scan.h"
#include "services/service.h"

namespace waybill {

struct ScannerParams {
  std::map<std::string, ScanDefinition> scans;
  std::map<std::string, TaskDefinition> tasks;
  /// Told of each pass after it was logged. May be empty.
  std::function<void(const Result<ScanReport>&)> observer;
};

/// Runs each scan at its own pace, the first time at once. A scan that fails is logged and tried
/// again at its next turn; it keeps no other from running.
class Scanner final : public Service {
 public:
  Scanner(ScanPorts ports, ScannerParams params);

  std::string_view name() const override { return "scanner"; }
  /// One pass of the scan that is due first.
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Turn {
    const ScanDefinition* scan;  // in params_
    SteadyTime due{};
  };

  Duration until_next() const;

  const ScanPorts ports_;
  const ScannerParams params_;
  std::vector<Turn> turns_;
};

}  // namespace waybill
