#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace waybill {

/// What an audit holds a ledger, and those who use it, to. The first seven are I1 to I7 of
/// ARCHITECTURE.md; the others are promises that users were given beside them.
enum class Invariant : std::uint8_t {
  one_state,     ///< I1: an accepted task is in one state, and moves as the life of a task allows
  fences_grow,   ///< I2: fences increase, and no write with an older one takes effect
  leases_apart,  ///< I3: leases of a task never overlap, none ends early, no run is without one
  keys_apart,  ///< I4: no two live tasks share a dedup key; no two tasks ever for scans, schedules
  batches_once,   ///< I5: each complete batch has one task, and a marker if and only if it has
  fires_once,     ///< I6: a schedule fires once for each nominal time that it owes
  unblocks_once,  ///< I7: a waiting task is unblocked once, by the last success it waits for
  attempts,       ///< a task is given up after just as many failures and deaths as its policy says
  backoff,        ///< no retry comes earlier than its policy says
  cancel,         ///< an accepted cancel is not lost, and a cancelled task is not run again
  limits,         ///< nothing runs from a paused queue, or beyond a queue's limit
  liveness,       ///< once nothing goes wrong any more, every task ends
  kept,           ///< a task, and what its runs said and left behind, is read as it was given
  retention,      ///< a finished task is removed no earlier than its queue's policy says
  order,          ///< ready tasks of a queue start by priority and by how long they have waited
};
inline constexpr int kInvariantCount = 15;

/// "I1 one_state", …, "order".
std::string_view to_string(Invariant invariant);

struct Violation {
  Invariant invariant = Invariant::one_state;
  std::string what;
};

}  // namespace waybill
