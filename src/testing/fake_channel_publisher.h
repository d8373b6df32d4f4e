#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ports/channel_publisher.h"
#include "ports/clock.h"

namespace waybill {

/// Keeps what was told, or fails as it is asked to. Thread-safe.
class FakeChannelPublisher final : public ChannelPublisher {
 public:
  /// `clock`, which outlives it, says when a turn is over; none: never.
  explicit FakeChannelPublisher(const Clock* clock = nullptr) : clock_(clock) {}

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

  Result<bool> take_turn(const std::string& turn, const std::string& holder, Duration hold,
                         const Deadline&) override {
    const Lock lock(mutex_);
    if (Status there = answer(); !there) return fail(there.error());
    if (turns_forbidden_) return fail(Code::permission_denied, "no turns here");
    Turn& taken = turns_[turn];
    const SteadyTime now = clock_ == nullptr ? SteadyTime{} : clock_->steady_now();
    if (taken.holder != holder && !taken.holder.empty() && now < taken.until) return false;
    taken = {.holder = holder, .until = now + hold};
    return true;
  }
  Status leave_turn(const std::string& turn, const std::string& holder, const Deadline&) override {
    const Lock lock(mutex_);
    if (Status there = answer(); !there) return there;
    if (turns_[turn].holder == holder) turns_.erase(turn);
    return {};
  }

  /// From now on nobody may take turns.
  void forbid_turns() {
    const Lock lock(mutex_);
    turns_forbidden_ = true;
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
  struct Turn {
    std::string holder;
    SteadyTime until{};
  };
  Status answer() const REQUIRES(mutex_) {
    if (error_) return fail(*error_);
    return {};
  }

  mutable Mutex mutex_;
  std::optional<Error> error_ GUARDED_BY(mutex_);
  std::vector<ChannelMessage> told_ GUARDED_BY(mutex_);
  int calls_ GUARDED_BY(mutex_) = 0;
  const Clock* const clock_;
  std::map<std::string, Turn> turns_ GUARDED_BY(mutex_);
  bool turns_forbidden_ GUARDED_BY(mutex_) = false;
};

}  // namespace waybill
