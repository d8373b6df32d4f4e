#pragma once

#include <cstdint>
#include <thread>

#include "base/rng.h"
#include "base/time.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "services/service.h"

namespace waybill {

struct ServiceLoopParams {
  /// The longest that one step may block.
  Duration step_max = std::chrono::seconds(1);
  /// The wait after a failed step: doubled with each further one, up to the maximum.
  Duration backoff_first = std::chrono::milliseconds(100);
  Duration backoff_max = std::chrono::seconds(30);
  /// For the jitter of the backoff.
  std::uint64_t seed = 1;
};

/// Runs a service on a thread of its own from construction until stop(). The service and the clock
/// outlive it. A failed step is logged and repeated; an exception ends the process with status 70.
class ServiceLoop {
 public:
  ServiceLoop(Service& service, Clock& clock, const ServiceLoopParams& params = {});
  /// Stops.
  ~ServiceLoop();
  ServiceLoop(const ServiceLoop&) = delete;
  ServiceLoop& operator=(const ServiceLoop&) = delete;

  /// There is something to do: the next step begins at once. Thread-safe, never blocks.
  void ring() { bell_.ring(); }
  /// Asks the step under way to end; does not wait for it. Thread-safe.
  void request_stop() { thread_.request_stop(); }
  /// Asks for the end and waits for it. Fine to repeat.
  void stop();

 private:
  void run(const std::stop_token& stop);
  SteadyTime after(Duration wait) const;
  Duration pause_after(const Error& error);

  Service& service_;
  Clock& clock_;
  const ServiceLoopParams params_;
  Bell bell_;
  Rng rng_;
  std::uint32_t failures_ = 0;  // in a row
  std::jthread thread_;         // last: it uses all of the above
};

}  // namespace waybill
