#include "core/retry.h"

#include <algorithm>
#include <string>

namespace waybill {

Status check_retry_policy(const RetryPolicy& policy) {
  const auto refuse = [](const std::string& what) { return fail(Code::invalid_argument, what); };
  if (policy.failures_max < 1) return refuse("retry.failures must be at least 1");
  if (policy.worker_deaths_max < 1) return refuse("retry.worker_deaths_max must be at least 1");
  if (policy.backoff_first < Duration(0)) return refuse("retry.backoff_first must not be negative");
  if (policy.backoff_max < policy.backoff_first) {
    return refuse("retry.backoff_max must be at least retry.backoff_first");
  }
  if (policy.backoff_max > std::chrono::hours(24 * 366)) {
    return refuse("retry.backoff_max must be at most a year");
  }
  // Written so that a NaN is refused too.
  if (!(policy.backoff_factor >= 1 && policy.backoff_factor <= 1000)) {
    return refuse("retry.backoff_factor must be between 1 and 1000");
  }
  if (!(policy.jitter >= 0 && policy.jitter <= 1)) {
    return refuse("retry.jitter must be between 0 and 1");
  }
  return {};
}

Duration retry_delay(const RetryPolicy& policy, std::uint32_t failures, double chance) {
  const auto cap = static_cast<double>(policy.backoff_max.count());
  auto delay = static_cast<double>(policy.backoff_first.count());
  for (std::uint32_t i = 1; i < failures && delay < cap && policy.backoff_factor > 1; ++i) {
    delay *= policy.backoff_factor;
  }
  delay = std::min(delay, cap);
  return Duration(static_cast<std::int64_t>(delay + delay * policy.jitter * chance));
}

}  // namespace waybill
