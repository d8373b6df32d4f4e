#include "services/worker_loop.h"

#include <algorithm>

#include "base/log.h"
#include "services/guarded_thread.h"

namespace waybill {
namespace {

/// The longest that one step may go on claiming and running inline tasks.
constexpr Duration kStepMax = std::chrono::seconds(1);
constexpr Duration kPauseAfterError = std::chrono::seconds(1);

bool is_for_good(Code code) { return code == Code::data_loss || code == Code::failed_precondition; }

}  // namespace

WorkerLoop::WorkerLoop(Worker& worker, Bell& bell, Clock& clock)
    : worker_(worker), bell_(bell), clock_(clock) {
  thread_ = guarded_thread("worker", [this](const std::stop_token&) { run(); });
}

WorkerLoop::~WorkerLoop() { stop(Duration(0)); }

void WorkerLoop::drain(Duration grace) {
  {
    const Lock lock(mutex_);
    drain_at_ = std::min(drain_at_.value_or(kSteadyTimeMax), clock_.steady_now() + grace);
  }
  bell_.ring();
}

void WorkerLoop::stop(Duration grace) {
  drain(grace);
  if (thread_.joinable()) thread_.join();
}

void WorkerLoop::run() {
  while (!worker_.drained()) {
    // Taken before the step, so that a ring during it is not lost.
    const std::uint64_t rung = bell_.rung();
    if (const auto drain_at = this->drain_at()) worker_.drain(*drain_at);
    const SteadyTime now = clock_.steady_now();
    const Result<Duration> wait = worker_.step({.at = now + kStepMax});
    if (!wait) {
      log::error("worker_step_failed", wait.error().message);
      if (is_for_good(wait.error().code)) return give_up(wait.error());
    }
    const Duration pause = wait.value_or(kPauseAfterError);
    if (pause > Duration(0)) bell_.wait(rung, {.at = clock_.steady_now() + pause}, clock_);
  }
}

void WorkerLoop::give_up(const Error& error) {
  {
    const Lock lock(mutex_);
    failure_ = error;
  }
  broken_.request_stop();
}

std::optional<Error> WorkerLoop::failure() {
  const Lock lock(mutex_);
  return failure_;
}

std::optional<SteadyTime> WorkerLoop::drain_at() {
  const Lock lock(mutex_);
  return drain_at_;
}

}  // namespace waybill
