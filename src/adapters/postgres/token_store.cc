#include "adapters/postgres/token_store.h"

#include "adapters/postgres/row_times.h"

namespace waybill::postgres {
namespace {

Result<TokenRecord> token_of(const Rows& rows, int row) {
  const std::int64_t role = rows.integer(row, 2);
  if (role < 0 || role >= kRoleCount) {
    return fail(Code::data_loss, "token " + std::string(rows.text(row, 0)) + " has role " +
                                     std::to_string(role) + ", which is none; run " +
                                     "`waybill db check`");
  }
  return TokenRecord{.id = std::string(rows.text(row, 0)),
                     .name = std::string(rows.text(row, 1)),
                     .role = static_cast<Role>(role),
                     .hash = std::string(rows.text(row, 3)),
                     .rate_limit = rows.integer(row, 9),
                     .created_at = from_micros(rows.integer(row, 4)),
                     .created_by = std::string(rows.text(row, 5)),
                     .expires_at = time_of(rows, row, 6),
                     .revoked_at = time_of(rows, row, 7),
                     .last_used_at = time_of(rows, row, 8)};
}

}  // namespace

Status PostgresTokenPort::put(const TokenRecord& record) {
  if (Status fits = check_token(record); !fits) return fits;
  Params params;
  params.text(record.id).text(record.name).integer(static_cast<std::int64_t>(record.role));
  params.bytes(record.hash).integer(to_micros(record.created_at)).text(record.created_by);
  put_time(params, record.expires_at);
  put_time(params, record.revoked_at);
  put_time(params, record.last_used_at);
  params.integer(record.rate_limit);
  const auto put = database_.write(Sql::put_token, params);
  if (!put) return fail(put.error());
  if (put->affected() > 0) return {};
  return fail(Code::already_exists, "there is a token '" + record.name + "' or its id already");
}

Result<std::vector<TokenRecord>> PostgresTokenPort::list() {
  const auto rows = database_.read(Sql::tokens);
  if (!rows) return fail(rows.error());
  std::vector<TokenRecord> tokens;
  for (int row = 0; row < rows->size(); ++row) {
    auto token = token_of(*rows, row);
    if (!token) return fail(token.error());
    tokens.push_back(std::move(*token));
  }
  return tokens;
}

Status PostgresTokenPort::revoke(const std::string& id, Time at) {
  const auto revoked = database_.write(Sql::revoke_token, Params().text(id).integer(to_micros(at)));
  if (!revoked) return fail(revoked.error());
  if (revoked->affected() > 0) return {};
  return fail(Code::not_found, "no token with the id '" + id + "'");
}

Status PostgresTokenPort::note_uses(std::span<const TokenUse> uses) {
  if (uses.empty()) return {};
  Array ids(Array::Of::texts);
  Array times(Array::Of::integers);
  for (const TokenUse& use : uses) {
    ids.add(use.id);
    times.add(to_micros(use.at));
  }
  const auto noted =
      database_.write(Sql::note_token_uses, Params().array(std::move(ids)).array(std::move(times)));
  if (!noted) return fail(noted.error());
  return {};
}

}  // namespace waybill::postgres
