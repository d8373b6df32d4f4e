#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ports/clock.h"

namespace waybill::postgres {

/// Where the ledger's time comes from.
enum class TimeSource : std::uint8_t {
  database,  ///< the server's clock, which all that share a ledger have in common
  process,   ///< this process's: for simulations and tests
};

/// The ledger's clock. The server's time is learned with each transaction and carried on by this
/// machine's steady clock, so that asking costs nothing and a wall clock that is wrong or steps
/// harms nothing. Never goes back by itself. Thread-safe.
class Timekeeper {
 public:
  /// `clock` outlives it.
  Timekeeper(Clock& clock, TimeSource source) : clock_(clock), source_(source) {}

  Time now() const {
    if (source_ == TimeSource::process) return clock_.now();
    return Time(Duration(offset_.load() + steady_micros()));
  }
  /// `server` was the server's time at some moment between `before` and now. What was known stays
  /// as far as that allows: the answer may have waited long for a lock.
  void learn(Time server, SteadyTime before) {
    const std::int64_t least = to_micros(server) - steady_micros();
    const std::int64_t most = to_micros(server) - before.time_since_epoch().count();
    const std::int64_t known = offset_.load();
    offset_.store(known == kUnknown ? least + (most - least) / 2
                                    : std::clamp(known, least, std::max(least, most)));
  }
  SteadyTime steady_now() const { return clock_.steady_now(); }
  std::int64_t steady_micros() const { return clock_.steady_now().time_since_epoch().count(); }

 private:
  static constexpr std::int64_t kUnknown = 0;  // what no clock differs by

  Clock& clock_;
  const TimeSource source_;
  std::atomic<std::int64_t> offset_ = kUnknown;
};

}  // namespace waybill::postgres
