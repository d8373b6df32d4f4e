#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tests/explorer/act.h"

namespace waybill::explorer {

struct Exploration {
  std::size_t worlds = 0;   ///< distinct ones that can be reached
  std::size_t actions = 0;  ///< tried and possible
  std::vector<std::size_t> verbs =
      std::vector<std::size_t>(kVerbCount);  ///< how often each had an effect
  std::optional<Violation> violation;
  std::vector<std::string> trace;  ///< shortest way to the violation

  std::string report() const;
};

/// Walks through every world that can be reached, breadth first; stops at the first violation.
Exploration explore(const World& initial, const Rules& rules);

/// The two beginnings: tasks that have nothing to do with each other, and one that waits for the
/// other.
World independent_tasks(const Budget& budget);
World dependent_tasks(const Budget& budget);

}  // namespace waybill::explorer
