#pragma once

#include <span>
#include <string_view>

#include "decorators/faults.h"
#include "testing/fake_queue.h"

namespace waybill::sim {

/// How the runs of tasks end, each as a part of all runs; the rest succeed.
struct Behaviour {
  double transient = 0.10;
  double permanent = 0.03;
  double snooze = 0.03;
  double kills_worker = 0.01;
  double long_run = 0.05;  ///< takes up to long_max, past a lease
  Duration run_max = std::chrono::seconds(6);
  Duration long_max = std::chrono::seconds(90);
};

/// What a simulation is made of. Periods are means; zero: never.
struct Scenario {
  std::string_view name;
  Duration length = std::chrono::minutes(15);  ///< of the part in which things go wrong
  int workers = 2;
  int controllers = 2;  ///< processes with scanner, scheduler, rescuer, dispatcher and janitor
  FaultRates faults{};
  Behaviour behaviour{};
  Duration kill_every{};                          ///< a process dies and loses its memory
  Duration stop_every = std::chrono::minutes(2);  ///< a process is asked to stop, and replaced
  Duration pause_every{};                         ///< a process is frozen for up to pause_max
  Duration pause_max = std::chrono::seconds(90);
  Duration jump_every{};  ///< the wall clock steps, forwards or back, up to jump_max
  Duration jump_max = std::chrono::minutes(3);
  Duration queue_loss_every{};  ///< the broker loses all its messages but orders
  QueueDisorder broker{};       ///< what it does besides reordering them
  Duration order_every = std::chrono::seconds(19);  ///< somebody else publishes to the broker
  Duration insert_every = std::chrono::seconds(11);
  Duration person_every = std::chrono::seconds(17);  ///< cancels, retries, pauses a queue
  Duration upload_every = std::chrono::seconds(36);  ///< a batch begins to arrive in each drop
};

/// The scenarios, one of which a seed plays.
std::span<const Scenario> scenarios();

}  // namespace waybill::sim
