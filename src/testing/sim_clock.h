#pragma once

#include <set>
#include <stop_token>

#include "base/mutex.h"
#include "ports/clock.h"

namespace waybill {

/// What SimClock::wait_until does.
enum class OnWait {
  advances,  ///< moves the time to `until` and returns: for tests and simulations with one thread
  blocks,    ///< waits until another thread moves the time that far: for tests with several threads
};

/// A clock that moves only when it is told to. Thread-safe.
class SimClock final : public Clock {
 public:
  /// Begins at 2026-11-22T12:00:00Z.
  explicit SimClock(OnWait on_wait = OnWait::advances);
  SimClock(Time now, OnWait on_wait);

  Time now() const override;
  SteadyTime steady_now() const override;
  void wait_until(SteadyTime until, std::stop_token stop) override;

  /// Lets time pass on both clocks; `by` >= 0.
  void advance(Duration by);
  /// advance(), if at least `threads` threads have nothing to do but to wait for a later time; says
  /// whether. So time cannot run away from threads that the machine has not got round to.
  bool advance_if_idle(Duration by, int threads);
  /// Steps the wall clock alone, forwards or back, as an operator or NTP does.
  void jump(Duration by);
  /// Blocks until `count` threads are in wait_until: then they have nothing else to do.
  void await_waiters(int count);

 private:
  void pass(Duration by) REQUIRES(mutex_);

  mutable Mutex mutex_;
  Condition changed_;
  Time now_ GUARDED_BY(mutex_);
  SteadyTime steady_ GUARDED_BY(mutex_);
  std::multiset<SteadyTime> waited_for_ GUARDED_BY(mutex_);  // by threads whose time has not come
  const OnWait on_wait_;
};

}  // namespace waybill
