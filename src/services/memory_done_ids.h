#pragma once

#include <cstddef>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "base/uuid.h"
#include "core/recent_ids.h"
#include "ports/clock.h"
#include "ports/done_ids.h"

namespace waybill {

/// How many ids are kept at most: about 100 MB.
inline constexpr std::size_t kDoneIdsMax = 1'000'000;

/// Kept in memory only: a worker that is started again knows none. The clock outlives it.
class MemoryDoneIds final : public DoneIds {
 public:
  MemoryDoneIds(Clock& clock, Duration window, std::size_t count_max = kDoneIdsMax)
      : clock_(clock), ids_(window, count_max) {}

  Result<bool> contains(const std::string& id) override {
    const Time now = clock_.now();
    const Lock lock(mutex_);
    return ids_.contains(uuid_v5(kTaskNamespace, id), now);
  }
  Status add(const std::string& id) override {
    const Time now = clock_.now();
    const Lock lock(mutex_);
    ids_.tidy(now);
    ids_.add(uuid_v5(kTaskNamespace, id), now);
    return {};
  }

 private:
  Clock& clock_;
  Mutex mutex_;
  RecentIds ids_ GUARDED_BY(mutex_);
};

}  // namespace waybill
