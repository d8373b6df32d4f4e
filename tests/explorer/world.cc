#include "tests/explorer/world.h"

#include <algorithm>
#include <utility>

namespace waybill::explorer {
namespace {

using std::chrono::seconds;

Time time_at(std::int8_t tick) { return tick == kNever ? Time{} : now() + seconds(tick); }

std::int8_t tick_at(Time time) {
  if (time == Time{}) return kNever;
  return static_cast<std::int8_t>(std::chrono::floor<seconds>(time - now()).count());
}

Task make_template(int index) {
  Task task;
  task.request.id.bytes[0] = static_cast<std::uint8_t>(index + 1);
  task.request.kind = "noop";
  task.request.retry = {.failures_max = kFailuresMax,
                        .worker_deaths_max = kDeathsMax,
                        .backoff_first = seconds(1),
                        .backoff_max = seconds(8),
                        .jitter = 0};
  return task;
}

/// Past times are all alike, but for whether a copy's lease is still the stored one.
void normalise_copy(Copy& copy, const World& world) {
  if (copy.task < 0) {
    copy = {};
    return;
  }
  const Cell& stored = world.stored[static_cast<std::size_t>(copy.task)];
  Cell& cell = copy.cell;
  cell.revision = cell.revision == stored.revision ? 1 : 0;
  if (cell.run_at != kNever) cell.run_at = std::max<std::int8_t>(0, cell.run_at);
  if (cell.lease_until != kNever && cell.lease_until <= 0) {
    cell.lease_until = cell.lease_until == stored.lease_until ? 0 : -1;
  }
}

World with_workers_sorted(World world) {
  std::sort(world.workers.begin(), world.workers.end());
  return world;
}

World with_tasks_swapped(World world) {
  std::swap(world.stored[0], world.stored[1]);
  std::swap(world.ghosts[0], world.ghosts[1]);
  for (Copy* copy : {&world.workers[0], &world.workers[1], &world.rescuer}) {
    if (copy->task >= 0) copy->task = static_cast<std::int8_t>(1 - copy->task);
  }
  return world;
}

}  // namespace

Time now() { return from_micros(1'800'000'000'000'000); }

Task to_task(int index, const Cell& cell) {
  static const std::array<Task, kTasks> kTemplates = {make_template(0), make_template(1)};
  Task task = kTemplates[static_cast<std::size_t>(index)];
  task.status = {.state = cell.state_is(),
                 .revision = static_cast<std::uint32_t>(cell.revision),
                 .fence = static_cast<std::uint64_t>(cell.fence),
                 .attempt = static_cast<std::uint32_t>(cell.fence),
                 .failures = static_cast<std::uint32_t>(cell.failures),
                 .worker_deaths = static_cast<std::uint32_t>(cell.deaths),
                 .waiting_for = static_cast<std::uint32_t>(cell.waiting_for),
                 .run_at = time_at(cell.run_at),
                 .lease_until = time_at(cell.lease_until),
                 .finished_at = cell.finished != 0 ? now() : Time{}};
  if (cell.cancel != 0) task.status.cancel.requested_at = now();
  return task;
}

Cell to_cell(const TaskStatus& status) {
  return {.state = static_cast<std::int8_t>(status.state),
          .revision = static_cast<std::int8_t>(status.revision),
          .fence = static_cast<std::int8_t>(status.fence),
          .failures = static_cast<std::int8_t>(status.failures),
          .deaths = static_cast<std::int8_t>(status.worker_deaths),
          .waiting_for = static_cast<std::int8_t>(status.waiting_for),
          .run_at = tick_at(status.run_at),
          .lease_until = tick_at(status.lease_until),
          .finished = status.finished_at != Time{},
          .cancel = status.cancel.requested()};
}

Normal normalise(World world) {
  for (Copy& copy : world.workers) normalise_copy(copy, world);
  normalise_copy(world.rescuer, world);
  for (Cell& cell : world.stored) {
    cell.revision = 1;
    if (cell.run_at != kNever) cell.run_at = std::max<std::int8_t>(0, cell.run_at);
    if (cell.lease_until != kNever) cell.lease_until = std::max<std::int8_t>(0, cell.lease_until);
  }
  Normal plain{.world = with_workers_sorted(world)};
  plain.names.swap_workers = plain.world.workers != world.workers;
  if (world.dependent != 0) return plain;
  const World renamed = with_tasks_swapped(world);
  Normal swapped{.world = with_workers_sorted(renamed), .names = {.swap_tasks = 1}};
  swapped.names.swap_workers = swapped.world.workers != renamed.workers;
  return std::min(plain, swapped,
                  [](const Normal& a, const Normal& b) { return a.world < b.world; });
}

std::string_view to_string(Invariant invariant) {
  static constexpr std::array<std::string_view, 7> kNames = {
      "I1 (one state)", "I2 (fences)",      "I3 (leases)",    "I7 (waits)",
      "attempts",       "a cancel is kept", "a delay is kept"};
  return kNames[static_cast<std::size_t>(invariant)];
}

std::string to_string(const Action& action) {
  static constexpr std::array<std::string_view, kVerbCount> kNames = {
      "claims",
      "succeeds",
      "fails",
      "fails and asks for a delay",
      "fails for good",
      "snoozes",
      "gives back",
      "confirms the cancel",
      "beats",
      "reads its task again",
      "forgets its task",
      "the rescuer sees overdue",
      "the rescuer acts on what it saw",
      "a person cancels",
      "a person retries",
      "time passes"};
  const std::string name(kNames[static_cast<std::size_t>(action.verb)]);
  const std::string task = " task " + std::to_string(action.task);
  const bool names_task = action.verb == Verb::rescuer_looks ||
                          action.verb == Verb::person_cancels ||
                          action.verb == Verb::person_retries;
  if (action.verb > Verb::forget) return name + (names_task ? task : "");
  return "worker " + std::to_string(action.worker) + " " + name +
         (action.verb == Verb::claim ? task : "");
}

}  // namespace waybill::explorer
