#pragma once

#include <string_view>

#include "base/deadline.h"
#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// A part of the shell that works in steps: on a thread of its own (ServiceLoop), or one step after
/// another in one thread under a simulated clock.
class Service {
 public:
  virtual ~Service() = default;
  /// Stable, for logs and metrics: "rescuer".
  virtual std::string_view name() const = 0;
  /// Does what is to be done now, a bounded piece of it, and answers how long to wait before the
  /// next step; zero: there is more. May block until `deadline`, never after it. An error means
  /// that the step came to nothing and is worth repeating after a while. Called by one thread at a
  /// time.
  virtual Result<Duration> step(const Deadline& deadline) = 0;
};

}  // namespace waybill
