#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "core/fetch/host_turns.h"
#include "ports/clock.h"

namespace waybill {

inline constexpr std::size_t kHostNeedsMax = 1000;  ///< of one call

/// Turns at hosts for all workers of a ledger (core/fetch/host_turns.h), kept beside it by the same
/// adapter. Thread-safe; blocks. Safe to repeat: a turn that nobody heard of is lost for a moment.
class HostTurns {
 public:
  virtual ~HostTurns() = default;
  /// Says what a worker has to do with some hosts, each named once, and answers what it may do, in
  /// their order. What it holds it holds for `lease`, unless it says so again. Errors as for
  /// Ledger; `invalid_argument` for a need that is none, and for a lease that is longer than
  /// kHostLeaseMax.
  virtual Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                              std::span<const HostNeed> needs) = 0;
};

/// `invalid_argument` as HostTurns says it.
Status check_host_needs(const HostHolding& holding, std::span<const HostNeed> needs);

/// Turns in memory, for the threads of one process. Thread-safe; the clock outlives it.
class MemoryHostTurns final : public HostTurns {
 public:
  explicit MemoryHostTurns(Clock& clock) : clock_(clock) {}
  Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                      std::span<const HostNeed> needs) override;

 private:
  Clock& clock_;
  Mutex mutex_;
  std::map<std::string, HostState> hosts_ GUARDED_BY(mutex_);
};

}  // namespace waybill
