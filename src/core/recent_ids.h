#pragma once

#include <cstddef>
#include <deque>
#include <unordered_map>
#include <utility>

#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

/// Ids with the time at which each was added, kept for a window, and at most so many: then the
/// oldest go first. About 100 bytes each. Not thread-safe.
class RecentIds {
 public:
  RecentIds(Duration window, std::size_t count_max) : window_(window), count_max_(count_max) {}

  bool contains(const Uuid& id, Time now) const;
  /// An id that is there already is kept from this time on.
  void add(const Uuid& id, Time at);
  /// Lets go of what is older than the window.
  void tidy(Time now);
  std::size_t size() const { return times_.size(); }
  /// Oldest first; some may stand twice, the later one counts.
  const std::deque<std::pair<Uuid, Time>>& in_order() const { return order_; }

 private:
  void drop_oldest();

  const Duration window_;
  const std::size_t count_max_;
  std::unordered_map<Uuid, Time> times_;
  std::deque<std::pair<Uuid, Time>> order_;
};

}  // namespace waybill
