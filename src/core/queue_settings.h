#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"

namespace waybill {

/// How long finished tasks are kept, by outcome. Zero: for ever.
struct Retention {
  Duration succeeded = std::chrono::hours(24 * 30);
  Duration failed = std::chrono::hours(24 * 90);
  Duration cancelled = std::chrono::hours(24 * 30);

  bool operator==(const Retention&) const = default;
};

/// A queue that was never configured has these defaults.
struct QueueSettings {
  std::string name;
  bool paused = false;                ///< nothing of it is claimed
  std::uint32_t concurrency_max = 0;  ///< leases at a time over all workers; 0: no limit
  Retention retention;

  bool operator==(const QueueSettings&) const = default;
};

}  // namespace waybill
