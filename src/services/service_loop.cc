#include "services/service_loop.h"

#include <algorithm>
#include <string>

#include "base/log.h"
#include "core/retry.h"
#include "services/guarded_thread.h"

namespace waybill {
ServiceLoop::ServiceLoop(Service& service, Clock& clock, const ServiceLoopParams& params)
    : service_(service), clock_(clock), params_(params), rng_(params.seed) {
  thread_ = guarded_thread(std::string(service_.name()),
                           [this](const std::stop_token& stop) { run(stop); });
}

ServiceLoop::~ServiceLoop() { stop(); }

void ServiceLoop::stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void ServiceLoop::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    // Taken before the step, so that a ring during it is not lost.
    const std::uint64_t rung = bell_.rung();
    const Result<Duration> wait =
        service_.step(Deadline{.at = clock_.steady_now() + params_.step_max, .stop = stop});
    if (stop.stop_requested()) return;
    if (wait) {
      failures_ = 0;
      if (*wait > Duration(0)) bell_.wait(rung, Deadline{.at = after(*wait), .stop = stop}, clock_);
    } else {
      // Without the bell: who rings must not turn an outage into a busy loop.
      clock_.wait_until(after(pause_after(wait.error())), stop);
    }
  }
}

SteadyTime ServiceLoop::after(Duration wait) const {
  const SteadyTime now = clock_.steady_now();
  return wait < kSteadyTimeMax - now ? now + wait : kSteadyTimeMax;
}

Duration ServiceLoop::pause_after(const Error& error) {
  ++failures_;
  const RetryPolicy policy{.backoff_first = params_.backoff_first,
                           .backoff_max = params_.backoff_max};
  const Duration pause = std::max(retry_delay(policy, failures_, rng_.unit()),
                                  error.retry_after.value_or(Duration(0)));
  log::warn("service_step_failed", "a step failed and will be repeated",
            {{"service", service_.name()},
             {"error", error.message},
             {"code", to_string(error.code)},
             {"failures", failures_},
             {"again_in", format_duration(pause)}});
  return pause;
}

}  // namespace waybill
