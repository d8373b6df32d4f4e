#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

/// What the server said of the tasks that it gave this worker: what later calls need and the ports
/// do not carry. Thread-safe.
class HeldTasks {
 public:
  struct Held {
    std::uint64_t fence = 0;
    std::uint32_t attempt = 0;
    std::uint32_t failures = 0;
    std::string checkpoint;    ///< of the last attempt; JSON object or empty
    SteadyTime lease_until{};  ///< counted from before the request that got it, so never too late
  };
  /// Replaces what was said of an earlier lease.
  void put(const Uuid& id, Held held) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    held_[id] = std::move(held);
  }
  std::optional<Held> find(const Uuid& id) const EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    const auto found = held_.find(id);
    if (found == held_.end()) return std::nullopt;
    return found->second;
  }
  /// Of a lease that was extended; nothing if it is not held any more.
  void extend(const Uuid& id, std::uint64_t fence, SteadyTime until) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    const auto found = held_.find(id);
    if (found != held_.end() && found->second.fence == fence) found->second.lease_until = until;
  }
  /// Unless there is a later lease.
  void erase(const Uuid& id, std::uint64_t fence) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    const auto found = held_.find(id);
    if (found != held_.end() && found->second.fence == fence) held_.erase(found);
  }

 private:
  mutable Mutex mutex_;
  std::map<Uuid, Held> held_ GUARDED_BY(mutex_);
};

}  // namespace waybill
