#pragma once

#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/channel_publisher.h"

namespace waybill {

/// Keeps what was told, or fails as it is asked to. Thread-safe.
class FakeChannelPublisher final : public ChannelPublisher {
 public:
  Status connect(const Deadline&) override {
    const Lock lock(mutex_);
    return answer();
  }
  Status publish(std::span<const ChannelMessage> messages, const Deadline&) override {
    const Lock lock(mutex_);
    ++calls_;
    Status told = answer();
    if (told) told_.insert(told_.end(), messages.begin(), messages.end());
    return told;
  }

  /// From now on every call fails with this; none: succeeds.
  void fail_with(std::optional<Error> error) {
    const Lock lock(mutex_);
    error_ = std::move(error);
  }
  /// What was told since the last call.
  std::vector<ChannelMessage> take() {
    const Lock lock(mutex_);
    return std::exchange(told_, {});
  }
  int calls() const {
    const Lock lock(mutex_);
    return calls_;
  }

 private:
  Status answer() const REQUIRES(mutex_) {
    if (error_) return fail(*error_);
    return {};
  }

  mutable Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  std::vector<ChannelMessage> told_ GUARDED_BY(mutex_);
  int calls_ GUARDED_BY(mutex_) = 0;
};

}  // namespace waybill
