#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "ports/queue.h"

namespace waybill {

/// Why the run of a message was asked to stop.
enum class HeldStop : std::uint8_t {
  none,
  worker_stops,  ///< somebody asked for it
  timed_out,     ///< it ran longer than it may
  lost,          ///< its lease ended: another may have the message by now
};

struct LeaseKeeperOptions {
  Duration lease{};  ///< asked for with each extension, which comes when half of it is over
  /// How long a delivery surely is hidden when it arrives; zero: unknown, so it is extended at
  /// once.
  Duration first_lease{};
  Duration run_time_max{};  ///< zero: no limit
};

/// Keeps deliveries hidden while they are worked on: a thread of its own extends each in time, also
/// while its handler blocks. Thread-safe; queue and clock outlive it.
class LeaseKeeper {
 public:
  LeaseKeeper(Queue& queue, Clock& clock, const LeaseKeeperOptions& options);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// A delivery in hand, from when it is held until release() or the end of its life.
  class Held {
   public:
    Held(LeaseKeeper& keeper, const Delivery& delivery, std::string id);
    ~Held() { release(); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    std::stop_token stop() const;
    HeldStop why_stopped() const;
    /// To be called just before its ack: it is extended no more.
    void release();

   private:
    friend class LeaseKeeper;
    LeaseKeeper& keeper_;
    std::uint64_t number_;
  };

  /// Asks every run to stop, those that are yet to come too.
  void stop_all();

 private:
  struct Entry {
    std::uint64_t number = 0;
    std::string receipt;
    std::string id;
    SteadyTime lease_until{};
    SteadyTime extend_at{};
    SteadyTime run_until{};
    HeldStop why = HeldStop::none;
    std::stop_source stop{};
  };

  void serve(const std::stop_token& closing);
  /// Extends what is due, stops what has had its time; when there is something to do next.
  SteadyTime keep();
  void keep_one(const Entry& due);
  /// Asks it to stop, for that reason unless there is a stronger one.
  void stop_one(std::uint64_t number, HeldStop why);
  Entry* find(std::uint64_t number) REQUIRES(mutex_);
  const Entry* find(std::uint64_t number) const REQUIRES(mutex_);

  Queue& queue_;
  Clock& clock_;
  const LeaseKeeperOptions options_;
  Bell bell_;
  mutable Mutex mutex_;
  Condition settled_;
  std::vector<Entry> held_ GUARDED_BY(mutex_);
  std::uint64_t last_ GUARDED_BY(mutex_) = 0;
  std::uint64_t extending_ GUARDED_BY(mutex_) = 0;  // of this number, just now; 0: none
  bool stopped_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace waybill
