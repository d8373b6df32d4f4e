#include "adapters/sqlite/secret_store.h"

namespace waybill::sqlite {
namespace {

SecretRecord record_of(Statement& row) {
  return {.name = std::string(row.text(0)),
          .sealed = std::string(row.blob(1)),
          .key_id = std::string(row.text(2)),
          .created_at = from_micros(row.integer(3)),
          .changed_at = from_micros(row.integer(4)),
          .changed_by = std::string(row.text(5))};
}

Result<std::vector<SecretRecord>> read_secrets(Database& database) {
  const auto query = database.statement(Sql::secrets);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  std::vector<SecretRecord> secrets;
  for (;;) {
    const auto more = (*query)->step();
    if (!more) return fail(more.error());
    if (!*more) return secrets;
    secrets.push_back(record_of(**query));
  }
}

/// The one number that a statement answers, its texts bound.
Result<std::int64_t> count(Database& database, Sql sql, std::span<const std::string_view> texts) {
  const auto query = database.statement(sql);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    (*query)->bind_text(static_cast<int>(i) + 1, texts[i]);
  }
  const auto row = (*query)->step();
  if (!row) return fail(row.error());
  return *row ? (*query)->integer(0) : 0;
}

tl::unexpected<Error> no_secret(const std::string& name) {
  return fail(Code::not_found, "there is no secret \"" + name + "\"");
}

}  // namespace

Result<SecretPut> SqliteSecretPort::put(const SecretRecord& record) {
  if (Status fits = check_secret(record); !fits) return fail(fits.error());
  SecretPut done = SecretPut::made;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const std::string_view key_and_name[] = {record.key_id, record.name};
    const auto others = count(database, Sql::secrets_of_other_keys, key_and_name);
    if (!others) return fail(others.error());
    if (*others > 0) {
      return fail(Code::failed_precondition,
                  "the other secrets are sealed under another key than this one, " + record.key_id);
    }
    const std::string_view name[] = {record.name};
    const auto before = count(database, Sql::count_secret, name);
    if (!before) return fail(before.error());
    done = *before > 0 ? SecretPut::replaced : SecretPut::made;
    const auto put = database.statement(Sql::put_secret);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind_text(1, record.name).bind_blob(2, record.sealed).bind_text(3, record.key_id);
    (*put)->bind(4, to_micros(record.created_at)).bind(5, to_micros(record.changed_at));
    return (*put)->bind_text(6, record.changed_by).run();
  });
  if (!written) return fail(written.error());
  return done;
}

Result<SecretRecord> SqliteSecretPort::get(const std::string& name) {
  return readers_.read<SecretRecord>([&](Database& database) -> Result<SecretRecord> {
    const auto query = database.statement(Sql::secret);
    if (!query) return fail(query.error());
    const ResetAtExit reset(**query);
    (*query)->bind_text(1, name);
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return no_secret(name);
    return record_of(**query);
  });
}

Result<std::vector<SecretRecord>> SqliteSecretPort::list() {
  return readers_.read<std::vector<SecretRecord>>(read_secrets);
}

Status SqliteSecretPort::remove(const std::string& name) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto remove = transaction.database().statement(Sql::remove_secret);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    if (Status done = (*remove)->bind_text(1, name).run(); !done) return done;
    if (transaction.database().rows_changed() > 0) return {};
    return no_secret(name);
  });
}

Status SqliteSecretPort::reseal(std::span<const Resealing> all) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto there = count(database, Sql::count_secrets, {});
    if (!there) return fail(there.error());
    const auto changed = [] {
      return fail(Code::aborted, "a secret was changed meanwhile; nothing is sealed anew");
    };
    if (*there != static_cast<std::int64_t>(all.size())) return changed();
    const auto reseal = database.statement(Sql::reseal_secret);
    if (!reseal) return fail(reseal.error());
    transaction.note_write();
    for (const Resealing& one : all) {
      (*reseal)->bind_text(1, one.name).bind_blob(2, one.sealed_before).bind_blob(3, one.sealed);
      if (Status done = (*reseal)->bind_text(4, one.key_id).run(); !done) return done;
      if (database.rows_changed() == 0) return changed();
    }
    return {};
  });
}

}  // namespace waybill::sqlite
