#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <stop_token>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"

namespace waybill {

/// Some threads at jobs that may bring more jobs. The first error ends all. Used once.
template <class Job>
class Crowd {
 public:
  /// What becomes of a job; called from several threads. It stops soon when the token says so.
  using Work = std::function<Status(const Job& job, std::stop_token stop)>;
  /// More jobs, when there are none; empty: that was all. Called by one thread at a time.
  using Refill = std::function<Result<std::vector<Job>>()>;

  explicit Crowd(Work work, Refill refill = {})
      : work_(std::move(work)), refill_(std::move(refill)) {}

  /// A job for later; may be called by work.
  void add(Job job) {
    const Lock lock(mutex_);
    jobs_.push_back(std::move(job));
    changed_.notify_one();
  }

  /// Blocks until all is done, or the first error. `cancelled`: `stop` asked for it.
  Status run(int threads, const std::stop_token& stop) {
    const std::stop_callback asked(stop, [this] { end(); });
    std::vector<std::jthread> crowd;
    for (int i = 1; i < threads; ++i) {
      try {
        crowd.emplace_back([this] { work_on(); });
      } catch (const std::system_error&) {
        break;  // there are no more threads: those that are there do it
      }
    }
    work_on();
    crowd.clear();
    const Lock lock(mutex_);
    if (failure_) return fail(std::move(*failure_));
    if (stop.stop_requested()) return fail(Code::cancelled, "stopped before all was done");
    return {};
  }

 private:
  void end() {
    // Before the lock: what is under way may end by this.
    stop_.request_stop();
    const Lock lock(mutex_);
    changed_.notify_all();
  }

  std::optional<Job> take() {
    while (true) {
      {
        Lock lock(mutex_);
        while (!stop_.stop_requested() && jobs_.empty() && !may_refill() && !is_over()) {
          changed_.wait(lock);
        }
        if (stop_.stop_requested() || (jobs_.empty() && !may_refill())) return std::nullopt;
        if (!jobs_.empty()) {
          Job job = std::move(jobs_.front());
          jobs_.pop_front();
          ++busy_;
          return job;
        }
        is_refilling_ = true;
      }
      auto more = refill_();
      const Lock lock(mutex_);
      is_refilling_ = false;
      is_refilled_ = !more || more->empty();
      if (more) {
        for (Job& job : *more) jobs_.push_back(std::move(job));
      } else {
        keep_failure(std::move(more.error()));
      }
      changed_.notify_all();
    }
  }
  bool may_refill() const REQUIRES(mutex_) { return refill_ && !is_refilled_ && !is_refilling_; }
  /// Nothing is left to do, and nobody will bring more.
  bool is_over() const REQUIRES(mutex_) {
    return busy_ == 0 && !is_refilling_ && (!refill_ || is_refilled_);
  }

  void work_on() {
    while (auto job = take()) {
      Status done = work_(*job, stop_.get_token());
      const Lock lock(mutex_);
      --busy_;
      if (!done) keep_failure(std::move(done.error()));
      changed_.notify_all();
    }
  }

  void keep_failure(Error error) REQUIRES(mutex_) {
    if (!failure_) failure_ = std::move(error);
    stop_.request_stop();
  }

  const Work work_;
  const Refill refill_;
  std::stop_source stop_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Job> jobs_ GUARDED_BY(mutex_);
  std::size_t busy_ GUARDED_BY(mutex_) = 0;
  bool is_refilling_ GUARDED_BY(mutex_) = false;
  bool is_refilled_ GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ GUARDED_BY(mutex_);
};

}  // namespace waybill
