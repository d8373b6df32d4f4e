#include "services/rate_limiter.h"

#include <algorithm>
#include <chrono>

namespace waybill {
namespace {

constexpr std::int64_t kSecondNs = 1'000'000'000;
constexpr std::int64_t kBucketSeconds = 5;
/// A page of the console alone asks several at once.
constexpr std::int64_t kBucketMin = 10;

}  // namespace

RateLimiter::RateLimiter(Clock& clock, const RateLimiterParams& params)
    : clock_(clock), params_(params) {}

std::optional<Duration> RateLimiter::take(const std::string& name, std::int64_t per_second) {
  if (per_second == 0) per_second = params_.per_second;
  if (per_second == 0) return std::nullopt;
  const std::int64_t one_ns = kSecondNs / per_second;  // in which one comes
  // In which an empty bucket fills.
  const std::int64_t bucket_ns = one_ns * std::max(kBucketMin, per_second * kBucketSeconds);
  const std::int64_t now = std::chrono::nanoseconds(clock_.steady_now().time_since_epoch()).count();
  const Lock lock(mutex_);
  const auto found = full_at_ns_.find(name);
  const std::int64_t before = found == full_at_ns_.end() ? now : std::max(found->second, now);
  const std::int64_t after = before + one_ns;
  if (after - now > bucket_ns) {
    ++refused_;
    return std::chrono::ceil<Duration>(std::chrono::nanoseconds(after - now - bucket_ns));
  }
  if (found != full_at_ns_.end()) {
    found->second = after;
    return std::nullopt;
  }
  if (full_at_ns_.size() >= params_.names_max) make_room(now);
  full_at_ns_.emplace(name, after);
  return std::nullopt;
}

void RateLimiter::make_room(std::int64_t now_ns) {
  std::erase_if(full_at_ns_, [&](const auto& entry) { return entry.second <= now_ns; });
  if (full_at_ns_.size() < params_.names_max) return;
  // Whose bucket is nearest to full gets the least for nothing.
  full_at_ns_.erase(
      std::ranges::min_element(full_at_ns_, {}, [](const auto& entry) { return entry.second; }));
}

std::size_t RateLimiter::names() const {
  const Lock lock(mutex_);
  return full_at_ns_.size();
}

}  // namespace waybill
