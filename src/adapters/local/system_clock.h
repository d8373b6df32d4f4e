#pragma once

#include <stop_token>

#include "ports/clock.h"

namespace waybill {

/// The clocks of the machine. The only reader of them: everybody else is given a Clock.
class SystemClock final : public Clock {
 public:
  Time now() const override;
  SteadyTime steady_now() const override;
  void wait_until(SteadyTime until, std::stop_token stop) override;
};

}  // namespace waybill
