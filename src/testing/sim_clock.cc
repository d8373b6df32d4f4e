#include "testing/sim_clock.h"

#include "base/check.h"

namespace waybill {
namespace {

constexpr Time kBeginning =
    std::chrono::sys_days(std::chrono::year(2026) / 11 / 22) + std::chrono::hours(12);
// Not zero, so that "never" and "the beginning" stay apart.
constexpr SteadyTime kSteadyBeginning = SteadyTime(std::chrono::hours(1));

}  // namespace

SimClock::SimClock(OnWait on_wait) : SimClock(kBeginning, on_wait) {}

SimClock::SimClock(Time now, OnWait on_wait)
    : now_(now), steady_(kSteadyBeginning), on_wait_(on_wait) {}

Time SimClock::now() const {
  const Lock lock(mutex_);
  return now_;
}

SteadyTime SimClock::steady_now() const {
  const Lock lock(mutex_);
  return steady_;
}

void SimClock::wait_until(SteadyTime until, std::stop_token stop) {
  if (on_wait_ == OnWait::advances) {
    WAYBILL_CHECK(until < kSteadyTimeMax || stop.stop_requested(),
                  "a wait without end in a single thread");
    const SteadyTime now = steady_now();
    if (!stop.stop_requested() && until > now) advance(until - now);
    return;
  }
  bool waits = false;  // guarded by mutex_
  // One that is asked to stop has something to do from then on, and not only when it gets round to.
  const auto leave = [&]() REQUIRES(mutex_) {
    // pass() takes out those whose time has come.
    if (waits && steady_ < until) waited_for_.erase(waited_for_.find(until));
    waits = false;
    changed_.notify_all();
  };
  const std::stop_callback wake(stop, [&] {
    const Lock lock(mutex_);
    leave();
  });
  Lock lock(mutex_);
  if (steady_ >= until || stop.stop_requested()) return;
  waits = true;
  waited_for_.insert(until);
  changed_.notify_all();
  while (steady_ < until && !stop.stop_requested()) changed_.wait(lock);
  leave();
}

void SimClock::advance(Duration by) {
  const Lock lock(mutex_);
  pass(by);
}

bool SimClock::advance_if_idle(Duration by, int threads) {
  const Lock lock(mutex_);
  if (static_cast<int>(waited_for_.size()) < threads) return false;
  pass(by);
  return true;
}

void SimClock::pass(Duration by) {
  WAYBILL_CHECK(by >= Duration(0), "steady time never goes back");
  now_ += by;
  steady_ += by;
  waited_for_.erase(waited_for_.begin(), waited_for_.upper_bound(steady_));
  changed_.notify_all();
}

void SimClock::jump(Duration by) {
  const Lock lock(mutex_);
  now_ += by;
}

void SimClock::await_waiters(int count) {
  Lock lock(mutex_);
  while (static_cast<int>(waited_for_.size()) < count) changed_.wait(lock);
}

}  // namespace waybill
