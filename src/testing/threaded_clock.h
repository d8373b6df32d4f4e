#pragma once

#include "base/mutex.h"
#include "ports/clock.h"

namespace waybill {

/// A clock that stands still until it is told to go on, and by which many threads may wait.
class ThreadedClock final : public Clock {
 public:
  Time now() const override;
  SteadyTime steady_now() const override;
  void wait_until(SteadyTime until, std::stop_token stop) override;
  void advance(Duration duration);

 private:
  mutable Mutex mutex_;
  Condition changed_;
  Duration passed_ GUARDED_BY(mutex_){};
};

}  // namespace waybill
