#pragma once

#include <cstddef>

#include "base/rng.h"
#include "ports/ledger.h"
#include "services/service.h"

namespace waybill {

struct RescuerParams {
  std::size_t batch = 500;  ///< tasks of one step
  /// The longest wait: what other processes put into the ledger is seen this soon.
  Duration wait_max = std::chrono::milliseconds(500);
};

/// Does what time alone asks for: takes back the leases that ran out, and makes scheduled tasks
/// ready when they fall due. Any number may run at once: compare-and-set lets one of them win.
class Rescuer final : public Service {
 public:
  Rescuer(Ledger& ledger, Rng rng, const RescuerParams& params = {})
      : ledger_(ledger), rng_(rng), params_(params) {}

  std::string_view name() const override { return "rescuer"; }
  Result<Duration> step(const Deadline& deadline) override;

 private:
  Duration wait_until(Time next, bool progressed) const;

  Ledger& ledger_;
  Rng rng_;
  const RescuerParams params_;
};

}  // namespace waybill
