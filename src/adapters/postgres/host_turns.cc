#include "adapters/postgres/host_turns.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/log.h"

namespace waybill::postgres {
namespace {

constexpr int kLockTries = 3;

/// Their states, which are this transaction's until it ends. Hosts are locked in order, so that no
/// two calls wait for each other.
Result<std::map<std::string, HostState>> lock_turns(Connection& connection,
                                                    const std::vector<std::string>& hosts) {
  for (int tries = 0; tries < kLockTries; ++tries) {
    const auto begun = connection.run(Sql::begin_host_turns, Params().texts(hosts), {});
    if (!begun) return fail(begun.error());
    const auto rows = connection.run(Sql::lock_host_turns, Params().texts(hosts), {});
    if (!rows) return fail(rows.error());
    // Rows whose time is over may be removed in between.
    if (static_cast<std::size_t>(rows->size()) < hosts.size()) continue;
    std::map<std::string, HostState> states;
    for (int row = 0; row < rows->size(); ++row) {
      states[std::string(rows->text(row, 0))] = read_host_state(rows->text(row, 1));
    }
    return states;
  }
  return fail(Code::unavailable, "turns at hosts are removed as fast as they are made; try again");
}

Status put_turns(Connection& connection, const std::map<std::string, HostState>& states) {
  std::vector<std::string> hosts;
  std::vector<std::string> texts;
  std::vector<std::int64_t> ends;
  for (const auto& [host, state] : states) {
    hosts.push_back(host);
    texts.push_back(host_state_text(state));
    // Zero is of one that has just been made.
    ends.push_back(std::max<std::int64_t>(to_micros(host_state_until(state)), 1));
  }
  const auto put =
      connection.run(Sql::put_host_turns, Params().texts(hosts).texts(texts).integers(ends), {});
  return put ? Status() : Status(fail(put.error()));
}

}  // namespace

Result<std::vector<HostTerms>> PostgresHostTurnsPort::take(const HostHolding& holding,
                                                           std::span<const HostNeed> needs) {
  if (Status fits = check_host_needs(holding, needs); !fits) return fail(fits.error());
  std::vector<std::string> hosts;
  for (const HostNeed& need : needs) hosts.push_back(need.host);
  std::vector<HostTerms> terms;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    terms.clear();
    auto states = lock_turns(connection, hosts);
    if (!states) return fail(states.error());
    const Time now = time_.now();
    for (const HostNeed& need : needs) {
      terms.push_back(take_host_turn((*states)[need.host], holding, need, now));
    }
    return put_turns(connection, *states);
  });
  if (!written) return fail(written.error());
  // The turns are taken, whatever comes of this: told as failed, they would be taken again.
  const auto removed =
      database_.write(Sql::remove_host_turns, Params().integer(to_micros(time_.now())));
  if (!removed) {
    log::warn("host_turns_left", "rows of hosts that nobody asks any more stay for now",
              {{"error", removed.error().message}});
  }
  return terms;
}

}  // namespace waybill::postgres
