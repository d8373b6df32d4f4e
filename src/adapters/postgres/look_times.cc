#include "adapters/postgres/look_times.h"

#include <algorithm>

namespace waybill::postgres {
namespace {

/// Then those that nobody has asked for longest are forgotten.
constexpr std::size_t kSortsMax = 1000;

std::string sort_of(const ClaimParams& claim) {
  std::string sort;
  for (const std::string& queue : claim.queues) sort += queue + '\n';
  sort += '\0';
  for (const std::string& kind : claim.kinds) sort += kind + '\n';
  return sort;
}

}  // namespace

std::int64_t& LookTimes::next_of(const ClaimParams& claim, std::int64_t now) {
  const auto [found, is_new] = next_.try_emplace(sort_of(claim), at_first_ ? now : now + every_);
  if (is_new && next_.size() > kSortsMax) {
    const auto oldest = std::ranges::min_element(next_, [&](const auto& one, const auto& other) {
      return (&one == &*found ? INT64_MAX : one.second) <
             (&other == &*found ? INT64_MAX : other.second);
    });
    next_.erase(oldest);
  }
  return found->second;
}

bool LookTimes::take(const ClaimParams& claim, std::int64_t now) {
  const Lock lock(mutex_);
  std::int64_t& next = next_of(claim, now);
  if (now < next) return false;
  next = now + every_;
  return true;
}

void LookTimes::set(const ClaimParams& claim, std::int64_t next) {
  const Lock lock(mutex_);
  next_of(claim, next) = next;
}

}  // namespace waybill::postgres
