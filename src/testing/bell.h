#pragma once

#include <cstdint>
#include <stop_token>
#include <vector>

#include "base/deadline.h"
#include "base/mutex.h"
#include "ports/clock.h"

namespace waybill {

/// Lets threads wait for a change with any Clock, a simulated one included. Thread-safe.
///
///     for (;;) {
///       const auto seen = bell.rung();
///       if (there_is_something()) return ...;
///       if (bell.wait(seen, deadline, clock) == Bell::Woken::in_vain) return ...;
///     }
class Bell {
 public:
  enum class Woken { rung, in_vain };

  std::uint64_t rung() const;
  void ring();
  /// Blocks until ring() was called after `rung()` gave `seen`; `in_vain` when the deadline or its
  /// stop came first.
  Woken wait(std::uint64_t seen, const Deadline& deadline, Clock& clock);

 private:
  mutable Mutex mutex_;
  std::uint64_t rung_ GUARDED_BY(mutex_) = 0;
  std::vector<std::stop_source> waiting_ GUARDED_BY(mutex_);
};

}  // namespace waybill
