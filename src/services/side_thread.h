#pragma once

#include <functional>
#include <thread>

#include "base/mutex.h"

namespace waybill {

/// A thread that makes one call at a time beside those of its owner. For one owner.
class SideThread {
 public:
  SideThread();
  /// Waits for the call that is under way.
  ~SideThread();
  SideThread(const SideThread&) = delete;
  SideThread& operator=(const SideThread&) = delete;

  /// Begins a call; the one before has been waited for.
  void begin(std::function<void()> call);
  /// Returns once it has ended.
  void wait();

 private:
  void serve();

  Mutex mutex_;
  Condition changed_;
  std::function<void()> call_ GUARDED_BY(mutex_);  // none: there is nothing to do
  bool closed_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace waybill
