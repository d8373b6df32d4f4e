#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Debian's std::mutex carries no annotations, so clang's -Wthread-safety needs these wrappers.
#if defined(__clang__)
#define WAYBILL_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define WAYBILL_THREAD_ANNOTATION(x)
#endif
// gRPC's headers bring in Abseil's macros of the same name and meaning.
#undef GUARDED_BY
#undef REQUIRES
#undef EXCLUDES
#define GUARDED_BY(x) WAYBILL_THREAD_ANNOTATION(guarded_by(x))
#define REQUIRES(...) WAYBILL_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define EXCLUDES(...) WAYBILL_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace waybill {

class WAYBILL_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void lock() WAYBILL_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() WAYBILL_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  bool try_lock() WAYBILL_THREAD_ANNOTATION(try_acquire_capability(true)) {
    return mutex_.try_lock();
  }

 private:
  friend class Condition;
  std::mutex mutex_;
};

/// Holds a Mutex for a scope. Passed to a Condition to wait.
class WAYBILL_THREAD_ANNOTATION(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) WAYBILL_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) {
    mutex_.lock();
  }
  ~Lock() WAYBILL_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;

 private:
  friend class Condition;
  Mutex& mutex_;
};

/// A condition variable for Mutex. Waits may wake spuriously: always loop on the condition.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }
  void wait(Lock& lock) {
    Held held(lock);
    condition_.wait(held.mutex);
  }
  /// False when `until` passed without a notification.
  bool wait_until(Lock& lock, std::chrono::steady_clock::time_point until) {
    Held held(lock);
    return condition_.wait_until(held.mutex, until) == std::cv_status::no_timeout;
  }

 private:
  /// The mutex of a Lock for the one kind of lock that std::condition_variable takes: the other
  /// kind, condition_variable_any, has a mutex of its own on the heap, and locks it too.
  struct Held {
    explicit Held(Lock& lock) : mutex(lock.mutex_.mutex_, std::adopt_lock) {}
    ~Held() { mutex.release(); }
    std::unique_lock<std::mutex> mutex;
  };
  std::condition_variable condition_;
};

}  // namespace waybill
