#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "base/mutex.h"
#include "ports/ledger.h"

namespace waybill::postgres {

/// When something that is done now and then is due again, for each sort of claim: by queues and
/// kinds. What one sort does is no help to the others, which see other lanes. Thread-safe.
class LookTimes {
 public:
  /// `every`: between two times, in microseconds. `at_first`: a sort that is new is due at once,
  /// else after that.
  LookTimes(std::int64_t every, bool at_first) : every_(every), at_first_(at_first) {}

  /// Whether it is due at `now`, by the steady clock; then not for others of its sort.
  bool take(const ClaimParams& claim, std::int64_t now);
  /// When it is due again, instead.
  void set(const ClaimParams& claim, std::int64_t next);

 private:
  std::int64_t& next_of(const ClaimParams& claim, std::int64_t now) REQUIRES(mutex_);

  const std::int64_t every_;
  const bool at_first_;
  Mutex mutex_;
  std::map<std::string, std::int64_t> next_ GUARDED_BY(mutex_);
};

}  // namespace waybill::postgres
