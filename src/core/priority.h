#pragma once

#include <cstdint>

#include "base/time.h"

namespace waybill {

/// What one step of priority is worth in waiting time.
inline constexpr Duration kAgePerPriority = std::chrono::minutes(1);

/// The order in which ready tasks start: smallest first. A task of priority p goes before
/// everything of priority 0 that became ready less than p minutes before it; so a low one starts in
/// the end, and the key never has to be computed again.
constexpr std::int64_t rank(int priority, Time ready_at) {
  return to_micros(ready_at) - priority * static_cast<std::int64_t>(kAgePerPriority.count());
}

}  // namespace waybill
