#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "base/mutex.h"
#include "base/time.h"
#include "ports/clock.h"

namespace waybill {

/// A URL that is to be asked.
struct CaptureJob {
  std::size_t number = 0;  ///< of the order's URL that led to it
  std::string url;
  int hops = 0;   ///< redirects before it
  int tries = 0;  ///< that were made
};

/// What is still to be captured, host by host: to none goes more at once than `per_host`, and to
/// none a request sooner than `delay` after the one before. Thread-safe.
class Frontier {
 public:
  struct Params {
    int per_host = 1;
    Duration delay{};
    int retries_per_host = 0;
  };
  Frontier(Params params, Clock& clock) : params_(params), clock_(clock) {}

  /// False: this URL was added before, and is passed over.
  bool add(CaptureJob job) EXCLUDES(mutex_);
  /// Blocks until one may be asked; none: all is done, or it was stopped.
  std::optional<CaptureJob> take() EXCLUDES(mutex_);
  /// The job is over.
  void end(const CaptureJob& job) EXCLUDES(mutex_);
  /// It is to be asked once more, and the host left alone for `wait`. False: the host has used up
  /// its retries; then it is over.
  bool again(const CaptureJob& job, Duration wait) EXCLUDES(mutex_);
  /// It was not asked, and is not to be before `wait` has passed; nor is its host.
  void later(const CaptureJob& job, Duration wait) EXCLUDES(mutex_);
  void stop() EXCLUDES(mutex_);

 private:
  struct Host {
    std::deque<CaptureJob> jobs;
    int running = 0;
    int retries = 0;
    SteadyTime next{};
  };
  void ended(const std::string& host) REQUIRES(mutex_);

  const Params params_;
  Clock& clock_;
  Mutex mutex_;
  Condition changed_;
  std::map<std::string, Host> hosts_ GUARDED_BY(mutex_);
  std::set<std::string> seen_ GUARDED_BY(mutex_);
  std::string last_ GUARDED_BY(mutex_);      // host that was taken from
  std::size_t open_ GUARDED_BY(mutex_) = 0;  // jobs that wait or run
  bool stopped_ GUARDED_BY(mutex_) = false;
};

}  // namespace waybill
