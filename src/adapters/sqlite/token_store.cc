#include "adapters/sqlite/token_store.h"

namespace waybill::sqlite {
namespace {

/// NULL for a time that is not set.
void bind_time(Statement& statement, int index, Time time) {
  if (time == Time{}) {
    statement.bind_null(index);
  } else {
    statement.bind(index, to_micros(time));
  }
}

Time time_of(Statement& row, int column) {
  return row.is_null(column) ? Time{} : from_micros(row.integer(column));
}

Result<std::vector<TokenRecord>> read_tokens(Database& database) {
  const auto query = database.statement(Sql::tokens);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  Statement& row = **query;
  std::vector<TokenRecord> tokens;
  for (;;) {
    const auto more = row.step();
    if (!more) return fail(more.error());
    if (!*more) return tokens;
    const std::int64_t role = row.integer(2);
    if (role < 0 || role >= kRoleCount) {
      return fail(Code::data_loss, "token " + std::string(row.text(0)) + " has role " +
                                       std::to_string(role) + ", which is none; run " +
                                       "`waybill db check`");
    }
    tokens.push_back({.id = std::string(row.text(0)),
                      .name = std::string(row.text(1)),
                      .role = static_cast<Role>(role),
                      .hash = std::string(row.blob(3)),
                      .rate_limit = row.integer(9),
                      .created_at = from_micros(row.integer(4)),
                      .created_by = std::string(row.text(5)),
                      .expires_at = time_of(row, 6),
                      .revoked_at = time_of(row, 7),
                      .last_used_at = time_of(row, 8)});
  }
}

}  // namespace

Status SqliteTokenPort::put(const TokenRecord& record) {
  if (Status fits = check_token(record); !fits) return fits;
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto put = transaction.database().statement(Sql::put_token);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, record.id).bind_text(2, record.name);
    (*put)->bind(3, static_cast<std::int64_t>(record.role)).bind_blob(4, record.hash);
    (*put)->bind(5, to_micros(record.created_at)).bind_text(6, record.created_by);
    bind_time(**put, 7, record.expires_at);
    bind_time(**put, 8, record.revoked_at);
    bind_time(**put, 9, record.last_used_at);
    (*put)->bind(10, record.rate_limit);
    if (Status done = (*put)->run(); !done) return done;
    if (transaction.database().rows_changed() > 0) return {};
    return fail(Code::already_exists, "there is a token '" + record.name + "' or its id already");
  });
}

Result<std::vector<TokenRecord>> SqliteTokenPort::list() {
  return readers_.read<std::vector<TokenRecord>>(read_tokens);
}

Status SqliteTokenPort::revoke(const std::string& id, Time at) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto revoke = transaction.database().statement(Sql::revoke_token);
    if (!revoke) return fail(revoke.error());
    transaction.note_write();
    (*revoke)->bind_text(1, id).bind(2, to_micros(at));
    if (Status done = (*revoke)->run(); !done) return done;
    if (transaction.database().rows_changed() > 0) return {};
    return fail(Code::not_found, "no token with the id '" + id + "'");
  });
}

Status SqliteTokenPort::note_uses(std::span<const TokenUse> uses) {
  if (uses.empty()) return {};
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto note = transaction.database().statement(Sql::note_token_use);
    if (!note) return fail(note.error());
    transaction.note_write();
    for (const TokenUse& use : uses) {
      (*note)->bind_text(1, use.id).bind(2, to_micros(use.at));
      if (Status done = (*note)->run(); !done) return done;
    }
    return {};
  });
}

}  // namespace waybill::sqlite
