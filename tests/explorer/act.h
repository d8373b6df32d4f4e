#pragma once

#include <optional>

#include "core/transition.h"
#include "tests/explorer/world.h"

namespace waybill::explorer {

/// The rules under test; a planted fault overrides one of them.
class Rules {
 public:
  virtual ~Rules() = default;
  virtual Result<Change> decide(const Task& task, const Event& event, const Moment& moment) const;
  /// Compare-and-set, as core/transition.h documents it for Change.
  virtual bool takes_effect(const Task& stored, const Change& change) const;
  /// Whether a claim may choose this task.
  virtual bool is_claimable(const Task& stored) const;
  /// Whether this change takes the tasks that wait one step further.
  virtual bool frees_waiters(const Task& stored, const Change& change) const;
};

/// Does one action. Empty if it is not possible in this world.
struct Step {
  World world;
  std::optional<Violation> violation;
};
std::optional<Step> act(const World& world, const Action& action, const Rules& rules);

}  // namespace waybill::explorer
