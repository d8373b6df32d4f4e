#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/logins.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/person.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// How long a session may be unused: as --login says, or by default.
Result<Duration> idle_max(Session& session) {
  if (session.config().login.empty()) return LoginSettings{}.idle_max;
  const auto file = read_login(session.config().login);
  if (!file) return fail(file.error());
  return file->settings.idle_max;
}

struct Look {
  Time now{};
  Duration idle_max{};
};

bj::object to_json(const SessionRecord& record, const Look& look) {
  return {{"id", record.id},
          {"person", record.person},
          {"state", json::text(to_string(state_of(record, look.idle_max, look.now)))},
          {"created_at", time_to_json(record.created_at)},
          {"seen_at", time_to_json(record.seen_at)},
          {"ends_at", time_to_json(record.ends_at)},
          {"revoked_at", time_to_json(record.revoked_at)}};
}

Exit list_sessions(Session& session, const Invocation&) {
  const auto idle = idle_max(session);
  if (!idle) return fail(idle.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto sessions = (*store)->beside().people.sessions();
  if (!sessions) return fail(sessions.error());
  const Look look{.now = session.clock().now(), .idle_max = *idle};
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const SessionRecord& record : *sessions) array.push_back(to_json(record, look));
    output.json_line(bj::object{{"sessions", std::move(array)}});
    return 0;
  }
  Table table({"ID", "PERSON", "SINCE", "LAST USED", "ENDS", "STATE"});
  for (const SessionRecord& record : *sessions) {
    const SessionState state = state_of(record, look.idle_max, look.now);
    table.add({record.id,
               record.person,
               to_the_second(record.created_at),
               to_the_second(record.seen_at),
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

/// The session of that id, or all of that person that are not revoked yet.
Result<std::vector<SessionRecord>> find_sessions(const std::vector<SessionRecord>& all,
                                                 const std::string& wanted) {
  std::vector<SessionRecord> found;
  for (const SessionRecord& record : all) {
    const bool is_persons = record.person == wanted && record.revoked_at == Time{};
    if (record.id == wanted || is_persons) found.push_back(record);
  }
  if (!found.empty()) return found;
  return fail(Code::not_found, "there is no session \"" + wanted +
                                   "\", nor one of a person of that name; list them with "
                                   "`waybill session list`");
}

Exit revoke_sessions(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto idle = idle_max(session);
  if (!idle) return fail(idle.error());
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  PeopleStore& people = (*store)->beside().people;
  const auto all = people.sessions();
  if (!all) return fail(all.error());
  auto found = find_sessions(*all, invocation.positionals[0]);
  if (!found) return fail(found.error());
  const Time now = session.clock().now();
  bj::array revoked;
  for (SessionRecord& record : *found) {
    if (record.revoked_at == Time{}) {
      record.revoked_at = now;
      if (doing == Doing::really) {
        if (Status done = people.revoke_session(record.id, now); !done) return fail(done.error());
        keep_in_audit_log(session, **store, invocation.command, record.id);
      }
    }
    revoked.push_back(to_json(record, {.now = now, .idle_max = *idle}));
    session.output().note("session " + record.id + " of " + record.person +
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
