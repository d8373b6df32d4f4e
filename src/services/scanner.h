#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/definition.h"
#include "services/scan.h"
#include "services/service.h"

namespace waybill {

struct ScannerParams {
  CurrentDefinitions definitions;
  /// How long it may go unseen that they are others; none: they stay as they are.
  std::optional<Duration> look_every{};
  /// No scan waits longer between two passes, whatever its definition says.
  Duration every_max = Duration::max();
  /// Told of each pass after it was logged. May be empty.
  std::function<void(const std::string& scan, const Result<ScanReport>&)> observer;
};

/// Runs each scan of the definitions that hold at its own pace, the first time at once. A scan that
/// fails is logged and tried again at its next turn; it keeps no other from running.
class Scanner final : public Service {
 public:
  Scanner(ScanPorts ports, ScannerParams params);

  std::string_view name() const override { return "scanner"; }
  /// One pass of the scan that is due first.
  Result<Duration> step(const Deadline& deadline) override;

 private:
  struct Turn {
    ScanDefinition scan;
    SteadyTime due{};
  };

  /// Takes what is defined now; a scan that stays as it was keeps its turn.
  void look_at_definitions();
  /// Until the next pass, or the next look at what is defined.
  Duration until_next() const;

  const ScanPorts ports_;
  const ScannerParams params_;
  std::shared_ptr<const Definitions> definitions_;  ///< those that turns_ are of
  std::vector<Turn> turns_;
};

}  // namespace waybill
