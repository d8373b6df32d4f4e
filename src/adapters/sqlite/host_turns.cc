#include "adapters/sqlite/host_turns.h"

#include <string>

namespace waybill::sqlite {
namespace {

Result<HostState> state_of_host(Database& database, const std::string& host) {
  const auto query = database.statement(Sql::host_turns);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind_text(1, host);
  const auto is_there = (*query)->step();
  if (!is_there) return fail(is_there.error());
  return *is_there ? read_host_state((*query)->text(0)) : HostState{};
}

Status put_state(Database& database, const std::string& host, const HostState& state) {
  const auto put = database.statement(Sql::put_host_turns);
  if (!put) return fail(put.error());
  const std::string text = host_state_text(state);
  (*put)->bind_text(1, host).bind_text(2, text).bind(3, to_micros(host_state_until(state)));
  return (*put)->run();
}

}  // namespace

Result<std::vector<HostTerms>> SqliteHostTurnsPort::take(const HostHolding& holding,
                                                         std::span<const HostNeed> needs) {
  if (Status fits = check_host_needs(holding, needs); !fits) return fail(fits.error());
  std::vector<HostTerms> terms;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    terms.clear();
    Database& database = transaction.database();
    const Time now = clock_.now();
    transaction.note_write();
    for (const HostNeed& need : needs) {
      auto state = state_of_host(database, need.host);
      if (!state) return fail(state.error());
      terms.push_back(take_host_turn(*state, holding, need, now));
      if (Status put = put_state(database, need.host, *state); !put) return put;
    }
    const auto remove = database.statement(Sql::remove_host_turns);
    if (!remove) return fail(remove.error());
    return (*remove)->bind(1, to_micros(now)).run();
  });
  if (!written) return fail(written.error());
  return terms;
}

}  // namespace waybill::sqlite
