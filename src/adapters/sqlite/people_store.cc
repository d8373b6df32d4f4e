#include "adapters/sqlite/people_store.h"

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"

namespace waybill::sqlite {
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

/// The first row of a statement whose parameters are bound.
Result<MaybePerson> read_person(Statement& row) {
  const auto more = row.step();
  if (!more) return fail(more.error());
  if (!*more) return std::nullopt;
  PersonRecord person{.name = std::string(row.text(0)),
                      .identity = {.provider = std::string(row.text(1)),
                                   .subject = std::string(row.text(2)),
                                   .login = std::string(row.text(3)),
                                   .email = std::string(row.text(4)),
                                   .email_verified = row.integer(5) != 0},
                      .first_seen_at = from_micros(row.integer(7)),
                      .logged_in_at = from_micros(row.integer(8)),
                      .sealed_token = row.is_null(9) ? "" : std::string(row.blob(9))};
  auto groups = groups_of(row.text(6), person.name);
  if (!groups) return fail(groups.error());
  person.identity.groups = std::move(*groups);
  return person;
}

Result<MaybePerson> person_of_name(Database& database, const std::string& name) {
  const auto query = database.statement(Sql::person_of_name);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind_text(1, name);
  return read_person(**query);
}

Result<MaybePerson> person_of_subject(Database& database, const Identity& identity) {
  const auto query = database.statement(Sql::person_of_subject);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind_text(1, identity.provider).bind_text(2, identity.subject);
  return read_person(**query);
}

SessionRecord session_of(Statement& row) {
  return {.id = std::string(row.text(0)),
          .hash = std::string(row.blob(1)),
          .person = std::string(row.text(2)),
          .created_at = from_micros(row.integer(3)),
          .seen_at = from_micros(row.integer(4)),
          .ends_at = from_micros(row.integer(5)),
          .revoked_at = row.is_null(6) ? Time{} : from_micros(row.integer(6)),
          .seen_from = std::string(row.text(7))};
}

Result<MaybeSession> read_session(Database& database, const std::string& id) {
  const auto query = database.statement(Sql::session);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind_text(1, id);
  const auto more = (*query)->step();
  if (!more) return fail(more.error());
  if (!*more) return std::nullopt;
  SessionRecord session = session_of(**query);
  auto person = person_of_name(database, session.person);
  if (!person) return fail(person.error());
  if (!*person) {
    return fail(Code::data_loss, "session " + session.id + " is of nobody; run `waybill db check`");
  }
  return PersonSession{.session = std::move(session), .person = std::move(**person)};
}

/// What is kept of a person who logs in: with the name that they have, or that is free for them.
Result<PersonRecord> named(Database& database, const PersonRecord& person) {
  const auto known = person_of_subject(database, person.identity);
  if (!known) return fail(known.error());
  PersonRecord kept = person;
  if (*known) {
    kept.name = (*known)->name;
    kept.first_seen_at = (*known)->first_seen_at;
    return kept;
  }
  kept.name = person_name(person.identity, NameIs::free);
  const auto holder = person_of_name(database, kept.name);
  if (!holder) return fail(holder.error());
  if (*holder) kept.name = person_name(person.identity, NameIs::taken);
  return kept;
}

Status write_person(Database& database, const PersonRecord& person) {
  const auto put = database.statement(Sql::put_person);
  if (!put) return fail(put.error());
  bj::array groups;
  for (const std::string& group : person.identity.groups) groups.emplace_back(group);
  const std::string group_names = json::serialize(groups);
  Statement& row = **put;
  row.bind_text(1, person.name).bind_text(2, person.identity.provider);
  row.bind_text(3, person.identity.subject).bind_text(4, person.identity.login);
  row.bind_text(5, person.identity.email).bind(6, person.identity.email_verified ? 1 : 0);
  row.bind_text(7, group_names).bind(8, to_micros(person.first_seen_at));
  row.bind(9, to_micros(person.logged_in_at));
  if (person.sealed_token.empty()) {
    row.bind_null(10);
  } else {
    row.bind_blob(10, person.sealed_token);
  }
  return row.run();
}

}  // namespace

Result<PersonRecord> SqlitePeoplePort::put_person(const PersonRecord& person) {
  PersonRecord kept;
  const Status put = writer_.write([&](Transaction& transaction) -> Status {
    auto name = named(transaction.database(), person);
    if (!name) return fail(name.error());
    kept = std::move(*name);
    transaction.note_write();
    return write_person(transaction.database(), kept);
  });
  if (!put) return fail(put.error());
  return kept;
}

Result<MaybePerson> SqlitePeoplePort::person(const std::string& name) {
  return readers_.read<MaybePerson>(
      [&](Database& database) { return person_of_name(database, name); });
}

Status SqlitePeoplePort::put_session(const SessionRecord& session) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto person = person_of_name(database, session.person);
    if (!person) return fail(person.error());
    if (!*person) return fail(Code::not_found, "there is no person " + session.person);
    const auto put = database.statement(Sql::put_session);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, session.id).bind_blob(2, session.hash).bind_text(3, session.person);
    (*put)->bind(4, to_micros(session.created_at)).bind(5, to_micros(session.seen_at));
    (*put)->bind(6, to_micros(session.ends_at));
    if (session.revoked_at == Time{}) {
      (*put)->bind_null(7);
    } else {
      (*put)->bind(7, to_micros(session.revoked_at));
    }
    (*put)->bind_text(8, session.seen_from);
    if (Status done = (*put)->run(); !done) return done;
    if (database.rows_changed() > 0) return {};
    return fail(Code::already_exists, "there is a session " + session.id + " already");
  });
}

Result<MaybeSession> SqlitePeoplePort::session(const std::string& id) {
  return readers_.read<MaybeSession>(
      [&](Database& database) { return read_session(database, id); });
}

Result<std::vector<SessionRecord>> SqlitePeoplePort::sessions() {
  using Sessions = std::vector<SessionRecord>;
  return readers_.read<Sessions>([](Database& database) -> Result<Sessions> {
    const auto query = database.statement(Sql::sessions);
    if (!query) return fail(query.error());
    const ResetAtExit reset(**query);
    Sessions sessions;
    for (;;) {
      const auto more = (*query)->step();
      if (!more) return fail(more.error());
      if (!*more) return sessions;
      sessions.push_back(session_of(**query));
    }
  });
}

Status SqlitePeoplePort::note_use(const std::string& id, Time at, const std::string& from) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto note = transaction.database().statement(Sql::note_session_use);
    if (!note) return fail(note.error());
    transaction.note_write();
    (*note)->bind_text(1, id).bind(2, to_micros(at)).bind_text(3, from);
    return (*note)->run();
  });
}

Status SqlitePeoplePort::revoke_session(const std::string& id, Time at) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto revoke = transaction.database().statement(Sql::revoke_session);
    if (!revoke) return fail(revoke.error());
    transaction.note_write();
    (*revoke)->bind_text(1, id).bind(2, to_micros(at));
    if (Status done = (*revoke)->run(); !done) return done;
    if (transaction.database().rows_changed() > 0) return {};
    return fail(Code::not_found, "no session with the id '" + id + "'");
  });
}

Status SqlitePeoplePort::forget_sessions(Time ended_before) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto forget = transaction.database().statement(Sql::forget_sessions);
    if (!forget) return fail(forget.error());
    transaction.note_write();
    (*forget)->bind(1, to_micros(ended_before));
    return (*forget)->run();
  });
}

}  // namespace waybill::sqlite
