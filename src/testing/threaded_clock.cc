#include "testing/threaded_clock.h"

namespace waybill {
namespace {

const Time kBegin = Time{} + std::chrono::hours(24 * 365 * 56);

}  // namespace

Time ThreadedClock::now() const {
  const Lock lock(mutex_);
  return kBegin + passed_;
}

SteadyTime ThreadedClock::steady_now() const {
  const Lock lock(mutex_);
  return SteadyTime{} + std::chrono::hours(1) + passed_;
}

void ThreadedClock::wait_until(SteadyTime until, std::stop_token stop) {
  const std::stop_callback wake(stop, [this] {
    const Lock lock(mutex_);  // the waiter has looked, and waits, or has not looked yet
    changed_.notify_all();
  });
  Lock lock(mutex_);
  while (!stop.stop_requested() && SteadyTime{} + std::chrono::hours(1) + passed_ < until) {
    changed_.wait(lock);
  }
}

void ThreadedClock::advance(Duration duration) {
  const Lock lock(mutex_);
  passed_ += duration;
  changed_.notify_all();
}

}  // namespace waybill
