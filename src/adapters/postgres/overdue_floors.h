#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "base/mutex.h"

namespace waybill::postgres {

/// From where tasks that fall due are looked for. What has fallen due lies dead before them in the
/// indexes of times, and beside an old snapshot for long: to walk through it each time would take
/// longer and longer. All times in microseconds. Thread-safe.
class OverdueFloors {
 public:
  struct From {
    std::int64_t lease_until = kNever;
    std::int64_t run_at = kNever;
    bool whole = false;  ///< from the beginning
  };
  /// No task is before these as far as is known, but for what was written long ago and committed
  /// just now, or by a server whose clock was set back: so now and then it is from the beginning.
  /// `steady`: by the steady clock.
  From from(std::int64_t steady) {
    const Lock lock(mutex_);
    if (steady < next_whole_) return floors_;
    next_whole_ = steady + kWholeEvery;
    return {.whole = true};
  }
  /// What a look that began at `now`, the ledger's time, has found first, and how long it took.
  void learn(const From& from, From first, std::int64_t now, std::int64_t steady,
             std::int64_t took) {
    const Lock lock(mutex_);
    // What comes later is due later than it is written.
    floors_.lease_until = std::min(first.lease_until, now - kWrittenWithin);
    floors_.run_at = std::min(first.run_at, now - kWrittenWithin);
    if (from.whole) next_whole_ = steady + std::max(kWholeEvery, kWholePart * took);
  }

 private:
  static constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();
  /// A transaction that takes longer is given up (writer.cc).
  static constexpr std::int64_t kWrittenWithin = 120'000'000;
  static constexpr std::int64_t kWholeEvery = 5'000'000;
  /// A look from the beginning is to take this part of the time at most.
  static constexpr std::int64_t kWholePart = 50;

  Mutex mutex_;
  From floors_ GUARDED_BY(mutex_);
  std::int64_t next_whole_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill::postgres
