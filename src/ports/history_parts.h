#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "core/task.h"

namespace waybill {

/// What retention no longer keeps of a queue: what ended so before that time.
struct Expiry {
  std::string queue;
  State outcome = State::succeeded;
  Time finished_before{};
};

struct PartsStep {
  enum class Next : std::uint8_t {
    none,   ///< nothing more can go as a whole now
    more,   ///< call again
    later,  ///< there is more, but somebody would have to be waited for: call again in a while
  };
  std::int64_t tasks = 0;  ///< that were removed with their part
  Next next = Next::none;
};

/// The parts, each of many thousand finished tasks accepted one after another, in which a ledger
/// keeps its history: one goes as a whole in a fraction of the time that its tasks would take.
class HistoryParts {
 public:
  virtual ~HistoryParts() = default;

  /// One piece of work, of some tenths of a second: removes a part of which little but what is due
  /// is left, or of what belonged to tasks of such parts. What is not due stays, as do tasks that
  /// others wait for and steps of runs that go on. May stop anywhere and be called by any number of
  /// programs; what was begun is ended by the next call. Thread-safe. Errors as Ledger.
  virtual Result<PartsStep> remove_some(std::span<const Expiry> due) = 0;
};

}  // namespace waybill
