// A world small enough to be walked through completely: two workers and a rescuer, each with its
// own, possibly stale, copy of a task; a person; two tasks; and a ledger that compares and sets.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>

#include "core/transition.h"

namespace waybill::explorer {

inline constexpr int kTasks = 2;
inline constexpr int kWorkers = 2;
/// Time goes in steps of a second, counted from the present one.
inline constexpr std::int8_t kNever = -128;
inline constexpr std::int8_t kLeaseTicks = 2;
inline constexpr std::int8_t kRetryAfterTicks = 2;
inline constexpr int kFailuresMax = 2;
inline constexpr int kDeathsMax = 2;

/// A task's status in a few bytes; times in ticks from now.
struct Cell {
  std::int8_t state = 0;
  std::int8_t revision = 0;
  std::int8_t fence = 0;
  std::int8_t failures = 0;
  std::int8_t deaths = 0;
  std::int8_t waiting_for = 0;
  std::int8_t run_at = kNever;
  std::int8_t lease_until = kNever;
  std::int8_t finished = 0;
  std::int8_t cancel = 0;

  auto operator<=>(const Cell&) const = default;
  State state_is() const { return static_cast<State>(state); }
};

/// What one of the actors remembers of a task.
struct Copy {
  std::int8_t task = -1;  ///< -1: nothing
  Cell cell;

  auto operator<=>(const Copy&) const = default;
};

/// What an observer who forgets nothing knows of a task; the invariants are stated over it.
struct Ghost {
  std::int8_t failures = 0;     ///< transient, since the beginning or a person's retry
  std::int8_t deaths = 0;       ///< likewise
  std::int8_t not_before = 0;   ///< a retry or a snooze asked for this; ticks from now
  std::int8_t cancel_owed = 0;  ///< a cancel was accepted and no retry since

  auto operator<=>(const Ghost&) const = default;
};

/// What is still allowed to happen, so that there is an end.
struct Budget {
  std::int8_t claims = 3;   ///< of each task
  std::int8_t cancels = 1;  ///< by the person, in all
  std::int8_t retries = 1;  ///< likewise

  auto operator<=>(const Budget&) const = default;
};

struct World {
  std::int8_t dependent = 0;  ///< task 1 waits for task 0
  std::array<Cell, kTasks> stored;
  std::array<Ghost, kTasks> ghosts;
  std::array<Copy, kWorkers> workers;
  Copy rescuer;
  Budget budget;

  auto operator<=>(const World&) const = default;
};

enum class Verb : std::uint8_t {
  claim,
  succeed,
  fail,
  fail_with_delay,
  fail_for_good,
  snooze,
  give_back,
  confirm_cancel,
  heartbeat,
  reread,
  forget,  // a worker
  rescuer_looks,
  rescuer_acts,
  person_cancels,
  person_retries,
  time_passes,
};
inline constexpr int kVerbCount = static_cast<int>(Verb::time_passes) + 1;

struct Action {
  Verb verb = Verb::time_passes;
  std::int8_t worker = 0;
  std::int8_t task = 0;
};
std::string to_string(const Action& action);

enum class Invariant : std::uint8_t {
  one_state,    ///< I1: in exactly one state; a final one is left only by a person's retry
  fences,       ///< I2: fences increase, and no write with an older one takes effect
  leases,       ///< I3: leases of a task never overlap
  waits,        ///< I7: a task that waits becomes ready exactly once, and not too early
  attempts,     ///< as many attempts as the policy allows, no more and no fewer
  cancel_kept,  ///< an accepted cancel is never lost
  delay_kept,   ///< nothing is run before the delay that was asked for is over
};
std::string_view to_string(Invariant invariant);

struct Violation {
  Invariant invariant = Invariant::one_state;
  std::string what;
};

/// The task that a cell stands for, and back. `now` is the same in every world: see normalise.
Task to_task(int index, const Cell& cell);
Cell to_cell(const TaskStatus& status);
Time now();

/// Who is called what. Workers are alike, and so are tasks that do not wait for each other.
struct Names {
  std::int8_t swap_workers = 0;
  std::int8_t swap_tasks = 0;
};

/// The world in which neither time nor revisions have a beginning, and equals have no names: the
/// present is tick 0, what is past is past, a copy is current or stale. Two worlds that nobody in
/// them can tell apart become equal, and that makes the number of worlds finite.
struct Normal {
  World world;
  Names names;  ///< how its names follow from the old ones
};
Normal normalise(World world);

}  // namespace waybill::explorer
