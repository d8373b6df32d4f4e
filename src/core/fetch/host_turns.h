#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "base/uuid.h"

namespace waybill {

// How often all workers of a ledger together ask a host (docs/adr/0047). Each worker takes turns
// for some time ahead, so that it need not ask before each request.

inline constexpr Duration kHostWindow = std::chrono::seconds(1);   ///< turns are taken for
inline constexpr Duration kHostShift = std::chrono::seconds(2);    ///< then others come first
inline constexpr Duration kHostAloneMax = std::chrono::hours(1);   ///< however long it asks for
inline constexpr Duration kHostRefill = std::chrono::seconds(30);  ///< of one failure
inline constexpr int kHostFailuresMax = 20;                        ///< the retry budget of a host
inline constexpr Duration kHostWaitMax = std::chrono::minutes(10);
inline constexpr Duration kHostLeaseMax = std::chrono::minutes(5);
inline constexpr int kHostSlotsMax = 64;
inline constexpr std::size_t kHostNameBytesMax = 300;

/// What a worker has to do with a host.
struct HostNeed {
  std::string host;        ///< as host_key_of_url
  int slots_used = 0;      ///< requests under way
  int slots_wanted = 0;    ///< those and more; 0: it gives back what it has
  int slots_max = 1;       ///< requests at once, of all workers
  Duration delay{};        ///< between two requests of all workers
  int times_wanted = 0;    ///< of requests to come, where there is a delay
  Duration wait_max{};     ///< a time that is later is not taken
  Duration leave_alone{};  ///< the host has asked for it (Retry-After)
  int failures = 0;        ///< requests that it failed since this was last said

  bool operator==(const HostNeed&) const = default;
};
/// Whether its numbers are within their bounds, and its name is one.
bool is_host_need(const HostNeed& need);

/// What it may do.
struct HostTerms {
  int slots = 0;          ///< requests at once; those above it are ended, and none is begun
  int times = 0;          ///< requests that may begin, the first after `wait`, one each `delay`
  Duration wait{};        ///< with slots, but no times: when to ask again
  Duration alone{};       ///< nobody may ask the host for so long
  bool is_spent = false;  ///< because its retry budget is used up

  bool operator==(const HostTerms&) const = default;
};

/// Who has turns at a host, or waits for some.
struct HostHolder {
  Uuid id;
  int slots = 0;
  int wants = 0;
  int most = kHostSlotsMax;  ///< requests at once, of all workers, as it says
  Time queued_at{};          ///< turns are given in this order
  Time granted_at{};         ///< since when it has some
  Time until{};              ///< it counts no longer, unless it says so again
};

struct HostState {
  std::vector<HostHolder> holders;
  Time last_at{};  ///< the last time that was given to a request
  Time alone_until{};
  Time budget_at{};  ///< when all failures are forgotten
};

/// Whose turn it is, for how long.
struct HostHolding {
  Uuid holder;
  Duration lease{};
};
/// More holders than this get no turn.
inline constexpr std::size_t kHostHoldersMax = 1000;
/// Decides, and writes it down in `state`. Of those who want turns the politest counts: the slots
/// of all that it lets begin are never more than its `slots_max`.
HostTerms take_host_turn(HostState& state, const HostHolding& holding, const HostNeed& need,
                         Time now);

/// From then on nothing in it counts.
Time host_state_until(const HostState& state);

/// As stores keep it: JSON. What cannot be read is nothing: a host nobody has asked yet.
std::string host_state_text(const HostState& state);
HostState read_host_state(std::string_view text);

}  // namespace waybill
