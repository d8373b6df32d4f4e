#include "adapters/postgres/migrate.h"

#include <algorithm>
#include <string>

#include "base/log.h"

namespace waybill::postgres {
namespace {

constexpr int kLockTriesMax = 6;
constexpr int kServerMin = 130000;  // as PQserverVersion gives it

/// One step, unless a rival has taken it meanwhile.
Status take_step(Connection& connection, int to) {
  if (const auto locked = connection.run(Sql::lock_migrations, {}, {}); !locked) {
    return fail(locked.error());
  }
  const auto found = read_schema_version(connection);
  if (!found) return fail(found.error());
  if (found->version >= to) return {};
  const NamedSql& step = migrations()[static_cast<std::size_t>(to - 1)];
  if (Status done = connection.run_script(step.text, {}); !done) {
    return fail(with_context(done.error(), std::string("migration ") + step.name));
  }
  const auto noted = connection.run(Sql::note_version, Params().integer(to), {});
  if (!noted) return fail(noted.error());
  return {};
}

/// In one transaction. Waits for rivals.
Status take_steps(Database& database, int first, int last) {
  const auto steps = [&](Connection& connection) -> Status {
    for (int to = first; to <= last; ++to) {
      if (Status taken = take_step(connection, to); !taken) return taken;
    }
    return {};
  };
  for (int tries = 1;; ++tries) {
    const Status done = database.transaction(steps);
    if (done || done.error().code != Code::unavailable || tries == kLockTriesMax) return done;
    log::warn("migration_waits", "a step of the migration could not be taken yet; trying again",
              {{"version", last}, {"error", done.error().message}});
  }
}

Status check_server(const Connection& connection) {
  if (connection.server_version() >= kServerMin) return {};
  return fail(Code::failed_precondition, connection.place() + ": the server's version is " +
                                             std::to_string(connection.server_version() / 10000) +
                                             "; a ledger needs PostgreSQL 13 or later");
}

}  // namespace

int schema_version() { return static_cast<int>(migrations().size()); }

Result<SchemaVersion> read_schema_version(Connection& connection) {
  if (Status served = check_server(connection); !served) return fail(served.error());
  const auto there = connection.run(Sql::find_schema, {}, {});
  if (!there) return fail(there.error());
  const bool has_schema = there->integer(0, 0) != 0;
  const bool has_ledger = there->integer(0, 1) != 0;
  const bool has_tables = there->integer(0, 2) != 0;
  if (has_schema && !has_ledger && has_tables) {
    return fail(Code::invalid_argument, connection.place() +
                                            " has a schema waybill that is not ours; name another "
                                            "database");
  }
  if (!has_ledger) return SchemaVersion{};
  const auto version = connection.run(Sql::schema_version, {}, {});
  if (!version) return fail(version.error());
  if (version->empty()) return SchemaVersion{};
  return SchemaVersion{.version = static_cast<int>(version->integer(0, 0)),
                       .usable_from = static_cast<int>(version->integer(0, 1))};
}

Result<int> migrate(Database& database) {
  SchemaVersion found;
  const Status read = database.transaction([&found](Connection& connection) -> Status {
    const auto version = read_schema_version(connection);
    if (!version) return fail(version.error());
    found = *version;
    if (found.version <= schema_version()) return {};
    return check_schema(found, connection.place());
  });
  if (!read) return fail(read.error());
  if (found.version == 0) {
    // At once, so that servers which start together never meet a ledger that is half made.
    if (Status made = take_steps(database, 1, schema_version()); !made) return fail(made.error());
  }
  for (int to = found.version + 1; found.version > 0 && to <= schema_version(); ++to) {
    if (Status taken = take_steps(database, to, to); !taken) return fail(taken.error());
  }
  return found.version;
}

Status check_schema(const SchemaVersion& found, const std::string& place) {
  const std::string has =
      "the ledger in " + place + " has schema version " + std::to_string(found.version) + ", ";
  if (found.version < schema_version()) {
    return fail(Code::failed_precondition, has + "older than " + std::to_string(schema_version()) +
                                               " of this binary; back the database up, then run "
                                               "`waybill db migrate`");
  }
  if (found.usable_from <= schema_version()) return {};
  return fail(Code::failed_precondition,
              has + "which binaries of version " + std::to_string(found.usable_from) +
                  " or newer can use, not this one of version " + std::to_string(schema_version()) +
                  "; use a newer waybill");
}

}  // namespace waybill::postgres
