#include "adapters/postgres/secret_store.h"

#include "adapters/postgres/store_lock.h"

namespace waybill::postgres {
namespace {

SecretRecord secret_of(const Rows& rows, int row) {
  return {.name = std::string(rows.text(row, 0)),
          .sealed = std::string(rows.text(row, 1)),
          .key_id = std::string(rows.text(row, 2)),
          .created_at = from_micros(rows.integer(row, 3)),
          .changed_at = from_micros(rows.integer(row, 4)),
          .changed_by = std::string(rows.text(row, 5))};
}

tl::unexpected<Error> no_secret(const std::string& name) {
  return fail(Code::not_found, "there is no secret \"" + name + "\"");
}

}  // namespace

Result<SecretPut> PostgresSecretPort::put(const SecretRecord& record) {
  if (Status fits = check_secret(record); !fits) return fail(fits.error());
  Params params;
  params.text(record.name).bytes(record.sealed).text(record.key_id);
  params.integer(to_micros(record.created_at)).integer(to_micros(record.changed_at));
  params.text(record.changed_by);
  SecretPut done = SecretPut::made;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::secrets); !locked) return locked;
    const auto put = connection.run(Sql::put_secret, params, {});
    if (!put) return fail(put.error());
    if (put->empty()) {
      return fail(Code::failed_precondition,
                  "the other secrets are sealed under another key than this one, " + record.key_id);
    }
    done = put->integer(0, 0) != 0 ? SecretPut::replaced : SecretPut::made;
    return {};
  });
  if (!written) return fail(written.error());
  return done;
}

Result<SecretRecord> PostgresSecretPort::get(const std::string& name) {
  const auto rows = database_.read(Sql::secret, Params().text(name));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return no_secret(name);
  return secret_of(*rows, 0);
}

Result<std::vector<SecretRecord>> PostgresSecretPort::list() {
  const auto rows = database_.read(Sql::secrets);
  if (!rows) return fail(rows.error());
  std::vector<SecretRecord> secrets;
  for (int row = 0; row < rows->size(); ++row) secrets.push_back(secret_of(*rows, row));
  return secrets;
}

Status PostgresSecretPort::remove(const std::string& name) {
  return database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::secrets); !locked) return locked;
    const auto removed = connection.run(Sql::remove_secret, Params().text(name), {});
    if (!removed) return fail(removed.error());
    if (removed->affected() > 0) return {};
    return no_secret(name);
  });
}

Status PostgresSecretPort::reseal(std::span<const Resealing> all) {
  Array names(Array::Of::texts);
  Array before(Array::Of::bytes);
  Array sealed(Array::Of::bytes);
  Array keys(Array::Of::texts);
  for (const Resealing& one : all) {
    names.add(one.name);
    before.add(one.sealed_before);
    sealed.add(one.sealed);
    keys.add(one.key_id);
  }
  Params params;
  params.array(std::move(names)).array(std::move(before)).array(std::move(sealed));
  params.array(std::move(keys));
  return database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::secrets); !locked) return locked;
    const auto counts = connection.run(Sql::reseal_secrets, params, {});
    if (!counts) return fail(counts.error());
    const auto wanted = static_cast<std::int64_t>(all.size());
    if (counts->integer(0, 0) == wanted && counts->integer(0, 1) == wanted) return {};
    return fail(Code::aborted, "a secret was changed meanwhile; nothing is sealed anew");
  });
}

}  // namespace waybill::postgres
