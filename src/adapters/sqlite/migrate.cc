#include "adapters/sqlite/migrate.h"

#include <string>

namespace waybill::sqlite {
namespace {

constexpr std::int64_t kApplicationId = 0x57794c67;  // "WyLg", as in 0001_ledger.sql

tl::unexpected<Error> newer(const Database& database, int found) {
  return fail(Code::failed_precondition, "ledger " + database.path() + " has schema version " +
                                             std::to_string(found) + ", newer than " +
                                             std::to_string(schema_version()) +
                                             " of this binary; use a newer waybill");
}

/// All steps to that version in one transaction, but those that another process has taken in
/// between.
Status take_steps(Database& database, int to) {
  if (Status begun = database.execute("BEGIN IMMEDIATE"); !begun) return begun;
  const Rollback undo(database);
  const auto found = read_schema_version(database);
  if (!found) return fail(found.error());
  if (found->version >= to) return {};
  for (int version = found->version + 1; version <= to; ++version) {
    const NamedSql& step = migrations()[static_cast<std::size_t>(version - 1)];
    if (Status done = database.execute(step.text); !done) {
      return fail(with_context(done.error(), std::string("migration ") + step.name));
    }
  }
  const std::string mark = "PRAGMA user_version = " + std::to_string(to);
  if (Status marked = database.execute(mark.c_str()); !marked) return marked;
  return database.execute("COMMIT");
}

}  // namespace

int schema_version() { return static_cast<int>(migrations().size()); }

Result<SchemaVersion> read_schema_version(Database& database) {
  // Whose it is comes last: another process may make it a ledger between these reads, and a file
  // that is not anybody's by then was empty before.
  const auto objects = database.number(Sql::schema_objects);
  if (!objects) return fail(objects.error());
  const auto version = database.number(Sql::user_version);
  if (!version) return fail(version.error());
  const auto application = database.number(Sql::application_id);
  if (!application) return fail(application.error());
  const bool empty = *version == 0 && *application == 0 && *objects == 0;
  return SchemaVersion{.version = static_cast<int>(*version),
                       .ours = empty || *application == kApplicationId};
}

Result<int> migrate(Database& database) {
  const auto found = read_schema_version(database);
  if (!found) return fail(found.error());
  if (!found->ours) {
    return fail(Code::invalid_argument, "file " + database.path() +
                                            " is a database of another program, not a Waybill "
                                            "ledger; name another file");
  }
  if (found->version > schema_version()) return newer(database, found->version);
  // Another process may make the same file at this moment.
  if (Status logged = database.execute_patiently("PRAGMA journal_mode = WAL"); !logged) {
    return fail(logged.error());
  }
  // A new file is made at once: no crash leaves it, and no other process finds it, with an older
  // schema than that of who makes it.
  const int first = found->version == 0 ? schema_version() : found->version + 1;
  for (int to = first; to <= schema_version(); ++to) {
    if (Status done = take_steps(database, to); !done) return fail(done.error());
  }
  return found->version;
}

Status check_schema(Database& database, const SchemaVersion& found) {
  if (!found.ours) {
    return fail(Code::invalid_argument, "file " + database.path() +
                                            " is a database of another program, not a Waybill "
                                            "ledger; name another file");
  }
  if (found.version == schema_version()) return {};
  if (found.version > schema_version()) return newer(database, found.version);
  return fail(
      Code::failed_precondition,
      "ledger " + database.path() + " has schema version " + std::to_string(found.version) +
          ", older than " + std::to_string(schema_version()) +
          " of this binary; back it up with `waybill db backup`, then run `waybill db migrate`");
}

}  // namespace waybill::sqlite
