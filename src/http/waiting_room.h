#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "base/time.h"
#include "http/message.h"
#include "ports/bell.h"
#include "ports/clock.h"

namespace waybill::http {

/// Jobs that wait for a topic to ring, or for a time. Thread-safe.
class WaitingRoom {
 public:
  using Job = std::function<void()>;
  /// `go` takes each job when it is to be done; called on any thread, without a lock held.
  WaitingRoom(Clock& clock, std::function<void(Job)> go);
  ~WaitingRoom();
  WaitingRoom(const WaitingRoom&) = delete;
  WaitingRoom& operator=(const WaitingRoom&) = delete;

  /// A moment, for wait(): what rings after it is not missed.
  std::uint64_t moment() const;
  /// The job goes when `later` says so; at once if one of its topics has rung since `seen`, or
  /// everybody has been sent on.
  void wait(const Later& later, std::uint64_t seen, Job job);
  void ring(const std::string& topic);
  /// Anything may have rung, without anybody being told what: true if nobody waits, nor has come
  /// to wait lately, who may only be looking. Who looked before this and comes to wait after it
  /// goes at once.
  bool pass_over();
  /// Sends everybody on, from now on also those who come.
  void open();
  std::size_t size() const;

 private:
  struct Waiting {
    Later later;
    Job job;
  };
  void run(const std::stop_token& stop);
  std::vector<Job> take_due(SteadyTime now);
  SteadyTime next_due() const;

  Clock& clock_;
  const std::function<void(Job)> go_;
  Bell earlier_;  // somebody came who goes earlier than all others
  mutable Mutex mutex_;
  std::multimap<SteadyTime, Waiting> waiting_ GUARDED_BY(mutex_);  // by `until`
  std::map<std::string, std::uint64_t> rung_ GUARDED_BY(mutex_);   // topic: the moment it last rang
  std::uint64_t moment_ GUARDED_BY(mutex_) = 0;
  std::uint64_t passed_over_ GUARDED_BY(mutex_) = 0;      // the moment of the last one
  std::optional<SteadyTime> came_at_ GUARDED_BY(mutex_);  // who came last
  bool open_ GUARDED_BY(mutex_) = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace waybill::http
