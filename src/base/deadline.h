#pragma once

#include <stop_token>

#include "base/time.h"

namespace waybill {

/// How long a blocking call may take: until `at` on the monotonic clock, or until `stop` is asked
/// for.
struct Deadline {
  SteadyTime at = kSteadyTimeMax;
  std::stop_token stop{};

  bool stop_requested() const { return stop.stop_requested(); }
};

}  // namespace waybill
