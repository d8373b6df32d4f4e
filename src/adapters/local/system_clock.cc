#include "adapters/local/system_clock.h"

#include <algorithm>
#include <chrono>

#include "base/mutex.h"

namespace waybill {
namespace {

// Far times, such as kSteadyTimeMax, do not fit into the nanoseconds that waiting counts in.
constexpr Duration kWaitMax = std::chrono::hours(24);

}  // namespace

Time SystemClock::now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const {
  return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

void SystemClock::wait_until(SteadyTime until, std::stop_token stop) {
  Mutex mutex;
  Condition stopped;
  std::stop_callback wake(stop, [&] {
    // With the lock held, so that it cannot fall between the look at the token and the wait.
    const Lock lock(mutex);
    stopped.notify_all();
  });
  Lock lock(mutex);
  while (!stop.stop_requested()) {
    const SteadyTime now = steady_now();
    if (now >= until) return;
    stopped.wait_until(lock, std::min(until, now + kWaitMax));
  }
}

}  // namespace waybill
