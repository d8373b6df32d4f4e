#include "adapters/postgres/people_store.h"

#include <boost/json.hpp>
#include <utility>

#include "adapters/postgres/row_times.h"
#include "base/json.h"

namespace waybill::postgres {
namespace {

namespace bj = boost::json;

using MaybePerson = std::optional<PersonRecord>;
using MaybeSession = std::optional<PersonSession>;

Result<std::vector<std::string>> groups_of(std::string_view text, const std::string& name) {
  const auto parsed = json::parse(text);
  std::vector<std::string> groups;
  if (!parsed || !parsed->is_array()) {
    return fail(Code::data_loss,
                "the groups of " + name + " cannot be read; run `waybill db check`");
  }
  for (const bj::value& group : parsed->get_array()) {
    if (group.is_string()) groups.emplace_back(group.get_string());
  }
  return groups;
}

/// Of the first row, whose first columns are a person's; none if there is no row.
Result<MaybePerson> person_of(const Rows& rows) {
  if (rows.empty()) return std::nullopt;
  PersonRecord person{.name = std::string(rows.text(0, 0)),
                      .identity = {.provider = std::string(rows.text(0, 1)),
                                   .subject = std::string(rows.text(0, 2)),
                                   .login = std::string(rows.text(0, 3)),
                                   .email = std::string(rows.text(0, 4)),
                                   .email_verified = rows.integer(0, 5) != 0},
                      .first_seen_at = from_micros(rows.integer(0, 7)),
                      .logged_in_at = from_micros(rows.integer(0, 8)),
                      .sealed_token = std::string(rows.text(0, 9))};
  auto groups = groups_of(rows.text(0, 6), person.name);
  if (!groups) return fail(groups.error());
  person.identity.groups = std::move(*groups);
  return person;
}

SessionRecord session_of(const Rows& rows, int row, int first_column) {
  return {.id = std::string(rows.text(row, first_column)),
          .hash = std::string(rows.text(row, first_column + 1)),
          .person = std::string(rows.text(row, first_column + 2)),
          .created_at = from_micros(rows.integer(row, first_column + 3)),
          .seen_at = from_micros(rows.integer(row, first_column + 4)),
          .ends_at = from_micros(rows.integer(row, first_column + 5)),
          .revoked_at = time_of(rows, row, first_column + 6),
          .seen_from = std::string(rows.text(row, first_column + 7))};
}

/// The name that a person has, or one that nobody has at this moment.
Result<std::string> name_for(Connection& connection, const PersonRecord& person) {
  const auto known =
      connection.run(Sql::person_of_subject,
                     Params().text(person.identity.provider).text(person.identity.subject), {});
  if (!known) return fail(known.error());
  if (!known->empty()) return std::string(known->text(0, 0));
  const std::string name = person_name(person.identity, NameIs::free);
  const auto holder = connection.run(Sql::person_of_name, Params().text(name), {});
  if (!holder) return fail(holder.error());
  return holder->empty() ? name : person_name(person.identity, NameIs::taken);
}

Params params_of(const PersonRecord& person) {
  bj::array groups;
  for (const std::string& group : person.identity.groups) groups.emplace_back(group);
  Params params;
  params.text(person.name).text(person.identity.provider).text(person.identity.subject);
  params.text(person.identity.login).text(person.identity.email);
  params.boolean(person.identity.email_verified).text(json::serialize(groups));
  params.integer(to_micros(person.first_seen_at)).integer(to_micros(person.logged_in_at));
  params.bytes(person.sealed_token);
  return params;
}

}  // namespace

Result<PersonRecord> PostgresPeoplePort::put_person(const PersonRecord& person) {
  PersonRecord kept = person;
  const Status done = database_.transaction([&](Connection& connection) -> Status {
    auto name = name_for(connection, person);
    if (!name) return fail(name.error());
    kept.name = std::move(*name);
    const auto put = connection.run(Sql::put_person, params_of(kept), {});
    if (!put) return fail(put.error());
    kept.name = std::string(put->text(0, 0));
    kept.first_seen_at = from_micros(put->integer(0, 1));
    return {};
  });
  if (!done) return fail(done.error());
  return kept;
}

Result<MaybePerson> PostgresPeoplePort::person(const std::string& name) {
  const auto rows = database_.read(Sql::person_of_name, Params().text(name));
  if (!rows) return fail(rows.error());
  return person_of(*rows);
}

Status PostgresPeoplePort::put_session(const SessionRecord& session) {
  Params params;
  params.text(session.id).bytes(session.hash).text(session.person);
  params.integer(to_micros(session.created_at)).integer(to_micros(session.seen_at));
  params.integer(to_micros(session.ends_at));
  put_time(params, session.revoked_at);
  params.text(session.seen_from);
  const auto put = database_.write(Sql::put_session, params);
  if (!put) return fail(put.error());
  const bool has_owner = put->integer(0, 0) != 0;
  const bool was_put = put->integer(0, 1) != 0;
  if (!has_owner) return fail(Code::not_found, "there is no person " + session.person);
  if (was_put) return {};
  return fail(Code::already_exists, "there is a session " + session.id + " already");
}

Result<MaybeSession> PostgresPeoplePort::session(const std::string& id) {
  const auto rows = database_.read(Sql::session, Params().text(id));
  if (!rows) return fail(rows.error());
  auto person = person_of(*rows);
  if (!person) return fail(person.error());
  if (!*person) return std::nullopt;
  constexpr int kFirstOfSession = 10;
  return PersonSession{.session = session_of(*rows, 0, kFirstOfSession),
                       .person = std::move(**person)};
}

Result<std::vector<SessionRecord>> PostgresPeoplePort::sessions() {
  const auto rows = database_.read(Sql::sessions);
  if (!rows) return fail(rows.error());
  std::vector<SessionRecord> sessions;
  for (int row = 0; row < rows->size(); ++row) sessions.push_back(session_of(*rows, row, 0));
  return sessions;
}

Status PostgresPeoplePort::note_use(const std::string& id, Time at, const std::string& from) {
  const auto noted =
      database_.write(Sql::note_session_use, Params().text(id).integer(to_micros(at)).text(from));
  if (!noted) return fail(noted.error());
  return {};
}

Status PostgresPeoplePort::revoke_session(const std::string& id, Time at) {
  const auto revoked =
      database_.write(Sql::revoke_session, Params().text(id).integer(to_micros(at)));
  if (!revoked) return fail(revoked.error());
  if (revoked->affected() > 0) return {};
  return fail(Code::not_found, "no session with the id '" + id + "'");
}

Status PostgresPeoplePort::forget_sessions(Time ended_before) {
  const auto forgotten =
      database_.write(Sql::forget_sessions, Params().integer(to_micros(ended_before)));
  if (!forgotten) return fail(forgotten.error());
  return {};
}

}  // namespace waybill::postgres
