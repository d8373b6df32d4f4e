#pragma once

#include "tests/explorer/world.h"

namespace waybill::explorer {

/// One change of one task that the ledger has made durable.
struct Recorded {
  int task = 0;
  Verb verb = Verb::claim;
  std::int8_t fence = 0;  ///< that the worker named; of worker's verbs only
  Cell before;
  Cell after;
  bool by_dependency = false;  ///< the change of a waiting task that `verb` on another one caused
};

/// Lets the observer see a change, and says what it breaks. `world` holds it already.
std::optional<Violation> observe(World& world, const Recorded& recorded);

/// What has to be true of a world at any moment.
std::optional<Violation> check(const World& world);

}  // namespace waybill::explorer
