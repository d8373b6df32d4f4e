#pragma once

#include <stop_token>

#include "base/time.h"

namespace waybill {

/// The only way to learn the time, and to let it pass. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
  virtual SteadyTime steady_now() const = 0;
  /// Blocks until `until` or a stop request, whichever is first.
  virtual void wait_until(SteadyTime until, std::stop_token stop) = 0;
};

}  // namespace waybill
