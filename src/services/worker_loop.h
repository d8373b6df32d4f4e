#pragma once

#include <optional>
#include <stop_token>
#include <thread>

#include "base/error.h"
#include "base/mutex.h"
#include "base/time.h"
#include "ports/bell.h"
#include "ports/clock.h"
#include "services/worker.h"

namespace waybill {

/// Runs a worker on a thread of its own, from construction until stop(). Ring the bell when there
/// may be work; its ThreadExecutor rings the same one. Worker, bell and clock outlive it.
class WorkerLoop {
 public:
  WorkerLoop(Worker& worker, Bell& bell, Clock& clock);
  /// Stops, with no time left for what runs.
  ~WorkerLoop();
  WorkerLoop(const WorkerLoop&) = delete;
  WorkerLoop& operator=(const WorkerLoop&) = delete;

  /// Takes no new work from now on; what still runs after `grace` is stopped and given back. Does
  /// not wait; a call with less grace hurries one with more.
  void drain(Duration grace);
  /// Drains and waits until nothing is held any more.
  void stop(Duration grace);

  /// Asked for when the loop has ended because the ledger cannot go on (`data_loss`,
  /// `failed_precondition`): waiting heals neither, somebody must act. What runs is not given back;
  /// its leases run out.
  std::stop_token broken() const { return broken_.get_token(); }
  /// Why; none while the ledger answers.
  std::optional<Error> failure();

 private:
  void run();
  void give_up(const Error& error);
  std::optional<SteadyTime> drain_at();

  Worker& worker_;
  Bell& bell_;
  Clock& clock_;
  Mutex mutex_;
  std::optional<SteadyTime> drain_at_ GUARDED_BY(mutex_);
  std::optional<Error> failure_ GUARDED_BY(mutex_);
  std::stop_source broken_;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace waybill
