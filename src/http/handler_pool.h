#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace waybill::http {

/// Threads that may block, so that many calls of the ledger wait in it together and are committed
/// together. Thread-safe.
class HandlerPool {
 public:
  using Job = std::function<void()>;
  /// At most `waiting_max` jobs wait for a thread.
  HandlerPool(std::size_t threads, std::size_t waiting_max);
  /// Runs what waits, and ends.
  ~HandlerPool();
  HandlerPool(const HandlerPool&) = delete;
  HandlerPool& operator=(const HandlerPool&) = delete;

  /// False: too many wait already, and the job was not taken.
  bool submit(Job job);
  /// The same for a job that was taken before and must not be lost: always taken.
  void submit_again(Job job);
  /// Blocks until nothing waits and nothing runs.
  void wait_until_idle();
  std::size_t waiting() const;
  std::size_t running() const;

 private:
  void work();

  const std::size_t waiting_max_;
  mutable Mutex mutex_;
  Condition changed_;
  Condition idle_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::size_t running_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;  // last: they use all of the above
};

}  // namespace waybill::http
