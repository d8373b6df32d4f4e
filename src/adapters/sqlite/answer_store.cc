#include "adapters/sqlite/answer_store.h"

#include <utility>

namespace waybill::sqlite {
namespace {

Result<std::optional<KeptAnswer>> find_answer(Database& database, const std::string& owner) {
  const auto query = database.statement(Sql::first_answer);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind_text(1, owner);
  const auto row = (*query)->step();
  if (!row) return fail(row.error());
  if (!*row) return std::nullopt;
  return KeptAnswer{.owner = owner,
                    .fingerprint = std::string((*query)->blob(0)),
                    .status = static_cast<int>((*query)->integer(1)),
                    .headers = std::string((*query)->text(2)),
                    .body = std::string((*query)->blob(3)),
                    .kept_at = from_micros((*query)->integer(4))};
}

}  // namespace

Result<std::optional<KeptAnswer>> SqliteAnswerPort::find(const std::string& owner) {
  return readers_.read<std::optional<KeptAnswer>>(
      [&](Database& database) { return find_answer(database, owner); });
}

Result<KeptAnswer> SqliteAnswerPort::keep(const KeptAnswer& answer) {
  KeptAnswer kept;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto put = database.statement(Sql::put_first_answer);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, answer.owner).bind_blob(2, answer.fingerprint);
    (*put)->bind(3, static_cast<std::int64_t>(answer.status)).bind_text(4, answer.headers);
    (*put)->bind_blob(5, answer.body).bind(6, to_micros(answer.kept_at));
    if (Status done = (*put)->run(); !done) return done;
    if (database.rows_changed() > 0) {
      kept = answer;
      return {};
    }
    auto first = find_answer(database, answer.owner);
    if (!first) return fail(first.error());
    kept = std::move(**first);
    return {};
  });
  if (!written) return fail(written.error());
  return kept;
}

Result<std::size_t> SqliteAnswerPort::remove(Time before, std::size_t limit) {
  std::size_t removed = 0;
  const Status done = writer_.write([&](Transaction& transaction) -> Status {
    const auto remove = transaction.database().statement(Sql::remove_first_answers);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    (*remove)->bind(1, to_micros(before)).bind(2, static_cast<std::int64_t>(limit));
    if (Status ran = (*remove)->run(); !ran) return ran;
    removed = static_cast<std::size_t>(transaction.database().rows_changed());
    return {};
  });
  if (!done) return fail(done.error());
  return removed;
}

}  // namespace waybill::sqlite
