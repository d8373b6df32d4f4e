#include "testing/audit.h"

#include <array>

namespace waybill {

std::string_view to_string(Invariant invariant) {
  static constexpr std::array<std::string_view, kInvariantCount> kNames = {"I1 one_state",
                                                                           "I2 fences_grow",
                                                                           "I3 leases_apart",
                                                                           "I4 keys_apart",
                                                                           "I5 batches_once",
                                                                           "I6 fires_once",
                                                                           "I7 unblocks_once",
                                                                           "attempts",
                                                                           "backoff",
                                                                           "cancel",
                                                                           "limits",
                                                                           "liveness",
                                                                           "kept",
                                                                           "retention",
                                                                           "order"};
  return kNames[static_cast<std::size_t>(invariant)];
}

}  // namespace waybill
