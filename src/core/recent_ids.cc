#include "core/recent_ids.h"

namespace waybill {

bool RecentIds::contains(const Uuid& id, Time now) const {
  const auto found = times_.find(id);
  return found != times_.end() && found->second + window_ > now;
}

void RecentIds::add(const Uuid& id, Time at) {
  times_[id] = at;
  order_.emplace_back(id, at);
  // An id that was added again stands twice in the order: bounded by that, not by the map alone.
  while (order_.size() > count_max_) drop_oldest();
}

void RecentIds::tidy(Time now) {
  while (!order_.empty() && order_.front().second + window_ <= now) drop_oldest();
}

void RecentIds::drop_oldest() {
  const auto& [id, at] = order_.front();
  const auto found = times_.find(id);
  if (found != times_.end() && found->second == at) times_.erase(found);
  order_.pop_front();
}

}  // namespace waybill
