#include "services/parallel.h"

#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"
#include "base/sigpipe_held.h"
#include "services/guarded_thread.h"

namespace waybill {

void in_parallel(std::size_t count, std::size_t threads_max,
                 const std::function<void(std::size_t)>& each) {
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    const SigpipeHeld held;  // most of what is done at once speaks with servers
    for (std::size_t i = next++; i < count; i = next++) each(i);
  };
  const std::size_t threads = std::min(count, threads_max);
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) {
    others.push_back(guarded_thread("parallel", [&](const std::stop_token&) { work(); }));
  }
  work();
}

namespace {

/// The threads of one in_growing_parallel.
class Crew {
 public:
  Crew(std::size_t count, std::size_t most, const std::function<Pace(std::size_t)>& each)
      : count_(count), each_(each), most_(std::min(count, most)) {}

  void run(std::size_t first) {
    add(first - std::min<std::size_t>(first, 1));
    work();
    // Those that are waited for may still add others.
    for (;;) {
      std::jthread last;
      {
        const Lock lock(mutex_);
        if (threads_.empty()) return;
        last = std::move(threads_.back());
        threads_.pop_back();
      }
      last.join();
    }
  }

 private:
  void add(std::size_t more) EXCLUDES(mutex_) {
    const Lock lock(mutex_);
    for (; more > 0 && size_ < most_; --more, ++size_) {
      try {
        threads_.push_back(guarded_thread("parallel", [this](const std::stop_token&) { work(); }));
      } catch (const std::system_error& error) {
        most_ = size_;  // as many as the machine gives do the work
        log::warn("few_threads", error.what(), {{"threads", size_}});
      }
    }
  }
  void work() {
    const SigpipeHeld held;  // most of what is done at once speaks with servers
    for (std::size_t i = next_++; i < count_; i = next_++) {
      if (each_(i) == Pace::slow && next_ < count_) add(2);
    }
  }

  const std::size_t count_;
  const std::function<Pace(std::size_t)>& each_;
  std::atomic<std::size_t> next_{0};
  Mutex mutex_;
  std::size_t most_ GUARDED_BY(mutex_);
  std::vector<std::jthread> threads_ GUARDED_BY(mutex_);
  std::size_t size_ GUARDED_BY(mutex_) = 1;  // with the caller's
};

}  // namespace

void in_growing_parallel(std::size_t count, const GrowingThreads& threads,
                         const std::function<Pace(std::size_t)>& each) {
  Crew(count, threads.most, each).run(threads.first);
}

}  // namespace waybill
