#include "adapters/postgres/chronicle.h"

#include <algorithm>
#include <cstdint>

#include "adapters/postgres/store_lock.h"

namespace waybill::postgres {
namespace {

constexpr int kReportColumn = 7;

ScanPass pass_of(const Rows& rows, int row) {
  return {.scan = std::string(rows.text(row, 0)),
          .number = rows.integer(row, 1),
          .first_at = from_micros(rows.integer(row, 2)),
          .last_at = from_micros(rows.integer(row, 3)),
          .passes = rows.integer(row, 4),
          .error = std::string(rows.text(row, 5)),
          .summary = std::string(rows.text(row, 6))};
}

DefinitionVersion version_of(const Rows& rows, int row) {
  return {.map = std::string(rows.text(row, 0)),
          .name = std::string(rows.text(row, 1)),
          .number = rows.integer(row, 2),
          .since = from_micros(rows.integer(row, 3)),
          .repository = std::string(rows.text(row, 4)),
          .commit = std::string(rows.text(row, 5)),
          .file = std::string(rows.text(row, 6)),
          .line = rows.integer(row, 7),
          .definition = std::string(rows.text(row, 8))};
}

template <class Row>
Result<std::vector<Row>> chronicled(const Result<Rows>& rows, Row (*read)(const Rows&, int)) {
  if (!rows) return fail(rows.error());
  std::vector<Row> all;
  for (int row = 0; row < rows->size(); ++row) all.push_back(read(*rows, row));
  return all;
}

/// The newest of a name.
struct Newest {
  std::int64_t number = 0;  ///< 0: there is none
  std::string digest{};
};

Result<Newest> newest_row(Connection& connection, Sql sql, const Params& params) {
  const auto rows = connection.run(sql, params, {});
  if (!rows) return fail(rows.error());
  if (rows->empty()) return Newest();
  return Newest{.number = rows->integer(0, 0), .digest = std::string(rows->text(0, 1))};
}

Status done_with(Connection& connection, Sql sql, const Params& params) {
  const auto done = connection.run(sql, params, {});
  return done ? Status() : Status(fail(done.error()));
}

Status repeat_pass(Connection& connection, const ScanPass& pass, std::int64_t number) {
  Params params;
  params.text(pass.scan).integer(number).integer(to_micros(pass.last_at)).integer(pass.passes);
  return done_with(connection, Sql::repeat_pass, params.text(pass.summary));
}

Status add_pass(Connection& connection, const ScanPass& pass, std::int64_t number) {
  Params params;
  params.text(pass.scan).integer(number).integer(to_micros(pass.first_at));
  params.integer(to_micros(pass.last_at)).integer(pass.passes).text(pass.error);
  params.text(pass.summary).bytes(pass.report).bytes(digest_of(pass));
  if (Status done = done_with(connection, Sql::add_pass, params); !done) return done;
  const std::int64_t last = number - static_cast<std::int64_t>(kPassesKept);
  return done_with(connection, Sql::drop_passes, Params().text(pass.scan).integer(last));
}

Status add_version(Connection& connection, const DefinitionVersion& version, std::int64_t number) {
  Params params;
  params.text(version.map).text(version.name).integer(number).integer(to_micros(version.since));
  params.text(version.repository).text(version.commit).text(version.file).integer(version.line);
  params.text(version.definition).bytes(digest_of(version));
  if (Status done = done_with(connection, Sql::add_version, params); !done) return done;
  const std::int64_t last = number - static_cast<std::int64_t>(kVersionsKept);
  return done_with(connection, Sql::drop_versions,
                   Params().text(version.map).text(version.name).integer(last));
}

}  // namespace

Status PostgresChronicle::keep_pass(const ScanPass& pass) {
  return database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::chronicle); !locked) return locked;
    const auto last = newest_row(connection, Sql::newest_pass, Params().text(pass.scan));
    if (!last) return fail(last.error());
    if (last->digest == digest_of(pass)) return repeat_pass(connection, pass, last->number);
    return add_pass(connection, pass, last->number + 1);
  });
}

Result<std::vector<ScanPass>> PostgresChronicle::latest_passes() {
  return chronicled(database_.read(Sql::latest_passes, Params()), pass_of);
}

Result<std::vector<ScanPass>> PostgresChronicle::passes(const PassQuery& query) {
  Params params;
  params.text(query.scan).integer(query.before).integer(static_cast<std::int64_t>(query.limit));
  return chronicled(database_.read(Sql::passes_of_scan, params), pass_of);
}

Result<ScanPass> PostgresChronicle::pass(const std::string& scan, std::int64_t number) {
  const auto rows = database_.read(Sql::pass, Params().text(scan).integer(number));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return no_pass(scan, number);
  ScanPass pass = pass_of(*rows, 0);
  pass.report = std::string(rows->text(0, kReportColumn));
  return pass;
}

Status PostgresChronicle::note_definitions(std::span<const DefinitionVersion> held) {
  if (held.empty()) return {};
  return database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::chronicle); !locked) return locked;
    for (const DefinitionVersion& version : held) {
      const auto last = newest_row(connection, Sql::newest_version,
                                   Params().text(version.map).text(version.name));
      if (!last) return fail(last.error());
      if (last->digest == digest_of(version)) continue;
      if (Status done = add_version(connection, version, last->number + 1); !done) return done;
    }
    return {};
  });
}

Result<std::vector<DefinitionVersion>> PostgresChronicle::versions(const VersionQuery& query) {
  Params params;
  params.text(query.map).text(query.name).integer(query.before);
  return chronicled(
      database_.read(Sql::versions, params.integer(static_cast<std::int64_t>(query.limit))),
      version_of);
}

}  // namespace waybill::postgres
