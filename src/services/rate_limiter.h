#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "ports/clock.h"

namespace waybill {

struct RateLimiterParams {
  std::int64_t per_second = 0;     ///< of each name; 0: as many as they like
  std::size_t names_max = 10'000;  ///< in memory
};

/// How many requests whoever asks may send: each name has a bucket that holds what five seconds
/// bring, ten at least, and fills at the rate. Of a name that was idle until its bucket was full
/// nothing need be known. Thread-safe; never blocks.
class RateLimiter {
 public:
  /// `clock` outlives it.
  RateLimiter(Clock& clock, const RateLimiterParams& params);

  /// Takes one out of the bucket; `per_second` in place of the parameter's if it is more than 0.
  /// None: it was there; else how long until the next one is.
  std::optional<Duration> take(const std::string& name, std::int64_t per_second = 0)
      EXCLUDES(mutex_);
  /// How many were not there, in all.
  std::uint64_t refused() const { return refused_; }
  std::size_t names() const EXCLUDES(mutex_);

 private:
  void make_room(std::int64_t now_ns) REQUIRES(mutex_);

  Clock& clock_;
  const RateLimiterParams params_;
  std::atomic<std::uint64_t> refused_ = 0;
  mutable Mutex mutex_;
  // When the bucket of each name will be full, in steady time.
  std::unordered_map<std::string, std::int64_t> full_at_ns_ GUARDED_BY(mutex_);
};

}  // namespace waybill
