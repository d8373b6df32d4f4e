#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/time.h"

namespace waybill {

/// When a task that failed is tried again.
struct RetryPolicy {
  std::uint32_t failures_max = 5;       ///< transient failures until it is failed; >= 1
  std::uint32_t worker_deaths_max = 3;  ///< leases that ran out until it is failed as poison; >= 1
  Duration backoff_first = std::chrono::seconds(1);
  Duration backoff_max = std::chrono::minutes(5);
  double backoff_factor = 2.0;  ///< >= 1
  double jitter = 0.2;          ///< additive, as a part of the delay, 0..1

  bool operator==(const RetryPolicy&) const = default;
};

/// `invalid_argument` names the field that is out of range.
Status check_retry_policy(const RetryPolicy& policy);

/// The delay after the `failures`-th transient failure (from 1): backoff_first *
/// factor^(failures-1), at most backoff_max, plus jitter * delay * chance. `chance` is uniform in
/// [0, 1). Never less than the delay without jitter, never overflows.
Duration retry_delay(const RetryPolicy& policy, std::uint32_t failures, double chance);

}  // namespace waybill
