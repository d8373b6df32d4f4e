#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/mutex.h"
#include "base/result.h"
#include "base/rng.h"
#include "ports/clock.h"

namespace waybill {

/// How often calls go wrong, each as a part of all calls, 0 to 1 together.
struct FaultRates {
  double before = 0;      ///< fails with `unavailable`; nothing was done
  double reply_lost = 0;  ///< was done, but the caller hears `deadline_exceeded`
  double stall = 0;       ///< the caller is held up before or after it is done, up to stall_max
  double crash = 0;       ///< the process dies here, before or after it is done
  Duration stall_max = std::chrono::seconds(60);
};

/// How many calls of a living process went wrong in each way.
struct FaultCounts {
  std::uint64_t before = 0;
  std::uint64_t reply_lost = 0;
  std::uint64_t stall = 0;
  std::uint64_t crash = 0;

  bool operator==(const FaultCounts&) const = default;
};

/// Decides under a seed what goes wrong in the calls of one process. Shared by the decorators of
/// all ports that the process uses. Thread-safe; `clock` outlives it.
class Faults {
 public:
  Faults(Clock& clock, Rng rng, const FaultRates& rates)
      : clock_(clock), rng_(rng), rates_(rates) {}

  void set_rates(const FaultRates& rates);
  /// From now on every call fails with `unavailable` and does nothing: whoever makes them is dead,
  /// and what it does until it is destroyed changes nothing.
  void crash();
  bool crashed() const;
  FaultCounts counts() const;

  /// Makes the call, or not, or twists its answer. `what` is for the error: "ledger.claim".
  template <class Call>
  std::invoke_result_t<Call> around(std::string_view what, Call call) {
    const Fate fate = decide();
    if (fate.stall_before > Duration(0)) stall(fate.stall_before);
    if (fate.fails_before || crashed()) return not_done(what);
    auto answer = call();
    if (fate.crashes) crash();
    if (fate.stall_after > Duration(0)) stall(fate.stall_after);
    if (fate.reply_lost || crashed()) return unknown(what);
    return answer;
  }

 private:
  struct Fate {
    bool fails_before = false;
    bool reply_lost = false;
    bool crashes = false;
    Duration stall_before{};
    Duration stall_after{};
  };

  Fate decide();
  void stall(Duration duration);
  static tl::unexpected<Error> not_done(std::string_view what);
  static tl::unexpected<Error> unknown(std::string_view what);

  Clock& clock_;
  mutable Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
  FaultRates rates_ GUARDED_BY(mutex_);
  bool crashed_ GUARDED_BY(mutex_) = false;
  FaultCounts counts_ GUARDED_BY(mutex_);
};

}  // namespace waybill
