#pragma once

#include <cstddef>
#include <string>

#include "base/error.h"

namespace waybill {

/// How many queues a ledger knows: each costs rows and memory for good, and whoever may make tasks
/// may name new ones.
inline constexpr std::size_t kQueuesMax = 10'000;

/// The `out_of_range` of a queue that would be one too many.
inline Error too_many_queues(const std::string& queue) {
  return {.code = Code::out_of_range,
          .message = "queue " + queue + " would be the " + std::to_string(kQueuesMax + 1) +
                     "th of this ledger, which is one too many; take one that there is, and tell "
                     "tasks apart by labels"};
}

}  // namespace waybill
