#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>

#include "base/mutex.h"

namespace waybill {

/// Lets few do something long at once, and nobody what another one is just doing. Thread-safe.
class WorkSlots {
 public:
  /// So many at once, at least one.
  explicit WorkSlots(std::size_t slots) : slots_(slots) {}

  /// Held while the work is done; the slots outlive it.
  class Held {
   public:
    Held(Held&& other) noexcept;
    Held& operator=(Held&&) = delete;
    ~Held();

   private:
    friend class WorkSlots;
    Held(WorkSlots& slots, std::string key) : slots_(&slots), key_(std::move(key)) {}
    WorkSlots* slots_;
    std::string key_;
  };
  /// None: somebody is at it already, or all slots are taken.
  std::optional<Held> try_take(const std::string& key) EXCLUDES(mutex_);
  /// Blocks until it is this one's turn.
  Held take(const std::string& key) EXCLUDES(mutex_);

 private:
  bool is_free(const std::string& key) REQUIRES(mutex_) {
    return keys_.size() < slots_ && !keys_.contains(key);
  }
  void give_back(const std::string& key) EXCLUDES(mutex_);

  const std::size_t slots_;
  Mutex mutex_;
  Condition freed_;
  std::set<std::string> keys_ GUARDED_BY(mutex_);
};

}  // namespace waybill
