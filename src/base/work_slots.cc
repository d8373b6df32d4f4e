#include "base/work_slots.h"

#include <utility>

namespace waybill {

WorkSlots::Held::Held(Held&& other) noexcept
    : slots_(std::exchange(other.slots_, nullptr)), key_(std::move(other.key_)) {}

WorkSlots::Held::~Held() {
  if (slots_ != nullptr) slots_->give_back(key_);
}

std::optional<WorkSlots::Held> WorkSlots::try_take(const std::string& key) {
  const Lock lock(mutex_);
  if (!is_free(key)) return std::nullopt;
  keys_.insert(key);
  return Held(*this, key);
}

WorkSlots::Held WorkSlots::take(const std::string& key) {
  Lock lock(mutex_);
  while (!is_free(key)) freed_.wait(lock);
  keys_.insert(key);
  return Held(*this, key);
}

void WorkSlots::give_back(const std::string& key) {
  {
    const Lock lock(mutex_);
    keys_.erase(key);
  }
  freed_.notify_all();
}

}  // namespace waybill
