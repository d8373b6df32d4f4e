#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "adapters/remote/server.h"
#include "ports/host_turns.h"

namespace waybill {

/// Turns at hosts from the server. One of an older version knows of none: then the threads of this
/// process agree among themselves. Thread-safe; blocks; server and clock outlive it.
class RemoteHostTurns final : public HostTurns {
 public:
  RemoteHostTurns(RemoteServer& server, Clock& clock) : server_(server), alone_(clock) {}

  Result<std::vector<HostTerms>> take(const HostHolding& holding,
                                      std::span<const HostNeed> needs) override;

 private:
  RemoteServer& server_;
  MemoryHostTurns alone_;
  std::atomic<bool> is_alone_ = false;
};

}  // namespace waybill
