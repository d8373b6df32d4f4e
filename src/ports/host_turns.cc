#include "ports/host_turns.h"

#include <set>
#include <string_view>

namespace waybill {

Status check_host_needs(const HostHolding& holding, std::span<const HostNeed> needs) {
  if (holding.lease <= Duration(0) || holding.lease > kHostLeaseMax) {
    return fail(Code::invalid_argument,
                "turns at hosts are taken for at most " + format_duration(kHostLeaseMax));
  }
  if (needs.size() > kHostNeedsMax) {
    return fail(Code::invalid_argument,
                "turns are taken at no more than " + std::to_string(kHostNeedsMax) + " hosts");
  }
  std::set<std::string_view> named;
  for (const HostNeed& need : needs) {
    if (!is_host_need(need)) {
      return fail(Code::invalid_argument, "a turn at a host has a name of up to " +
                                              std::to_string(kHostNameBytesMax) +
                                              " bytes and numbers within their bounds");
    }
    if (!named.insert(need.host).second) {
      return fail(Code::invalid_argument, "a host is named twice: " + need.host);
    }
  }
  return {};
}

Result<std::vector<HostTerms>> MemoryHostTurns::take(const HostHolding& holding,
                                                     std::span<const HostNeed> needs) {
  if (Status fits = check_host_needs(holding, needs); !fits) return fail(fits.error());
  const Time now = clock_.now();
  const Lock lock(mutex_);
  std::erase_if(hosts_, [&](const auto& host) { return host_state_until(host.second) <= now; });
  std::vector<HostTerms> terms;
  for (const HostNeed& need : needs) {
    terms.push_back(take_host_turn(hosts_[need.host], holding, need, now));
  }
  return terms;
}

}  // namespace waybill
