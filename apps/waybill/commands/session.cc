#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/logins.h"
#include "apps/waybill/session.h"
#include "services/session_desk.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Over the ledger, by the rules of --login, keeping in the audit log what it does.
Result<SessionDesk> desk_over(Session& session, Store& store) {
  std::optional<LoginSettings> settings;
  if (!session.config().login.empty()) {
    auto file = read_login(session.config().login);
    if (!file) return fail(file.error());
    settings = std::move(file->settings);
  }
  return SessionDesk(
      store.beside().people, [settings = std::move(settings)] { return settings; },
      [&](const SessionRecord& ended) {
        keep_in_audit_log(session, store, "session revoke", ended.id + " of " + ended.person);
      });
}

Exit list_sessions(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  auto desk = desk_over(session, **store);
  if (!desk) return fail(desk.error());
  const auto sessions = desk->list(session.clock().now());
  if (!sessions) return fail(sessions.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const SessionView& view : *sessions) array.push_back(to_json(view));
    output.json_line(bj::object{{"sessions", std::move(array)}});
    return 0;
  }
  Table table({"ID", "PERSON", "ROLE", "SINCE", "LAST USED", "FROM", "ENDS", "STATE"});
  for (const auto& [record, state, identity, role] : *sessions) {
    table.add({record.id,
               record.person,
               std::string(role ? to_string(*role) : ""),
               to_the_second(record.created_at),
               to_the_second(record.seen_at),
               record.seen_from,
               to_the_second(record.ends_at),
               {std::string(to_string(state)),
                state == SessionState::active ? Colour::green : Colour::grey}});
  }
  if (table.empty()) {
    output.note("nobody has logged in lately");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

/// What revoke() would come to.
Result<std::vector<SessionView>> look_at_revoking(SessionDesk& desk, const std::string& wanted,
                                                  Time at) {
  auto found = desk.find(wanted, at);
  if (!found) return found;
  for (SessionView& view : *found) {
    view.state = SessionState::revoked;
    if (view.session.revoked_at == Time{}) view.session.revoked_at = at;
  }
  return found;
}

Exit revoke_sessions(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  auto desk = desk_over(session, **store);
  if (!desk) return fail(desk.error());
  const std::string& wanted = invocation.positionals[0];
  const Time now = session.clock().now();
  const auto found =
      doing == Doing::really ? desk->revoke(wanted, now) : look_at_revoking(*desk, wanted, now);
  if (!found && found.error().code == Code::not_found) {
    return fail(Code::not_found, found.error().message + "; list them with `waybill session list`");
  }
  if (!found) return fail(found.error());
  bj::array revoked;
  for (const SessionView& view : *found) {
    revoked.push_back(to_json(view));
    session.output().note("session " + view.session.id + " of " + view.session.person +
                          (doing == Doing::dry ? " would be revoked" : " is revoked"));
  }
  if (session.output().json()) {
    session.output().json_line(answer(doing, bj::object{{"sessions", std::move(revoked)}}));
  }
  return 0;
}

}  // namespace

std::vector<Command> session_commands() {
  return {
      {.path = "session list",
       .summary = "List the browsers that are logged in to the HTTP API",
       .examples = {"waybill session list", "waybill session list --json"},
       .run = list_sessions},
      {.path = "session revoke",
       .summary = "End a session, or all of a person, at once",
       .examples = {"waybill session revoke 5f0c12ab5f0c12ab", "waybill session revoke github:ann"},
       .details =
           "The person can log in again: to keep somebody out, change the rules of the --login "
           "file and start the server anew. More: docs/reference/login.md.",
       .positionals = {{"ID|PERSON", "as `waybill session list` has it"}},
       .options = {kDryRun},
       .run = revoke_sessions}};
}

}  // namespace waybill::cli
