#include "adapters/sqlite/chronicle.h"

#include <cstdint>

namespace waybill::sqlite {
namespace {

constexpr int kReportColumn = 7;

ScanPass pass_of(Statement& row) {
  return {.scan = std::string(row.text(0)),
          .number = row.integer(1),
          .first_at = from_micros(row.integer(2)),
          .last_at = from_micros(row.integer(3)),
          .passes = row.integer(4),
          .error = std::string(row.text(5)),
          .summary = std::string(row.text(6))};
}

ScanPass whole_pass_of(Statement& row) {
  ScanPass pass = pass_of(row);
  pass.report = std::string(row.blob(kReportColumn));
  return pass;
}

DefinitionVersion version_of(Statement& row) {
  return {.map = std::string(row.text(0)),
          .name = std::string(row.text(1)),
          .number = row.integer(2),
          .since = from_micros(row.integer(3)),
          .repository = std::string(row.text(4)),
          .commit = std::string(row.text(5)),
          .file = std::string(row.text(6)),
          .line = row.integer(7),
          .definition = std::string(row.text(8))};
}

/// The newest of a name.
struct Newest {
  std::int64_t number = 0;  ///< 0: there is none
  std::string digest{};
};

Newest newest_of(Statement& row) {
  return {.number = row.integer(0), .digest = std::string(row.blob(1))};
}

/// All rows of a statement whose parameters `bind` sets.
template <class Row, class Bind>
Result<std::vector<Row>> chronicled(Database& database, Sql sql, Bind bind,
                                    Row (*read)(Statement&)) {
  const auto query = database.statement(sql);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  bind(**query);
  std::vector<Row> rows;
  for (;;) {
    const auto more = (*query)->step();
    if (!more) return fail(more.error());
    if (!*more) return rows;
    rows.push_back(read(**query));
  }
}

template <class Bind>
Result<Newest> newest_row(Database& database, Sql sql, Bind bind) {
  const auto rows = chronicled<Newest>(database, sql, bind, newest_of);
  if (!rows) return fail(rows.error());
  return rows->empty() ? Newest() : rows->front();
}

Status repeat_pass(Database& database, const ScanPass& pass, std::int64_t number) {
  const auto repeat = database.statement(Sql::repeat_pass);
  if (!repeat) return fail(repeat.error());
  (*repeat)->bind_text(1, pass.scan).bind(2, number).bind(3, to_micros(pass.last_at));
  return (*repeat)->bind(4, pass.passes).bind_text(5, pass.summary).run();
}

Status add_pass(Database& database, const ScanPass& pass, std::int64_t number) {
  const auto add = database.statement(Sql::add_pass);
  if (!add) return fail(add.error());
  const std::string digest = digest_of(pass);
  (*add)->bind_text(1, pass.scan).bind(2, number).bind(3, to_micros(pass.first_at));
  (*add)->bind(4, to_micros(pass.last_at)).bind(5, pass.passes).bind_text(6, pass.error);
  (*add)->bind_text(7, pass.summary).bind_blob(8, pass.report).bind_blob(9, digest);
  if (Status done = (*add)->run(); !done) return done;
  const auto drop = database.statement(Sql::drop_passes);
  if (!drop) return fail(drop.error());
  const std::int64_t last = number - static_cast<std::int64_t>(kPassesKept);
  return (*drop)->bind_text(1, pass.scan).bind(2, last).run();
}

Status add_version(Database& database, const DefinitionVersion& version, std::int64_t number) {
  const auto add = database.statement(Sql::add_version);
  if (!add) return fail(add.error());
  const std::string digest = digest_of(version);
  (*add)->bind_text(1, version.map).bind_text(2, version.name).bind(3, number);
  (*add)->bind(4, to_micros(version.since)).bind_text(5, version.repository);
  (*add)->bind_text(6, version.commit).bind_text(7, version.file).bind(8, version.line);
  (*add)->bind_text(9, version.definition).bind_blob(10, digest);
  if (Status done = (*add)->run(); !done) return done;
  const auto drop = database.statement(Sql::drop_versions);
  if (!drop) return fail(drop.error());
  (*drop)->bind_text(1, version.map).bind_text(2, version.name);
  return (*drop)->bind(3, number - static_cast<std::int64_t>(kVersionsKept)).run();
}

}  // namespace

Status SqliteChronicle::keep_pass(const ScanPass& pass) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto last = newest_row(database, Sql::newest_pass,
                                 [&](Statement& query) { query.bind_text(1, pass.scan); });
    if (!last) return fail(last.error());
    transaction.note_write();
    if (last->digest == digest_of(pass)) return repeat_pass(database, pass, last->number);
    return add_pass(database, pass, last->number + 1);
  });
}

Result<std::vector<ScanPass>> SqliteChronicle::latest_passes() {
  return readers_.read<std::vector<ScanPass>>([&](Database& database) {
    return chronicled<ScanPass>(
        database, Sql::latest_passes, [](Statement&) {}, pass_of);
  });
}

Result<std::vector<ScanPass>> SqliteChronicle::passes(const PassQuery& query) {
  return readers_.read<std::vector<ScanPass>>([&](Database& database) {
    return chronicled<ScanPass>(
        database, Sql::passes_of_scan,
        [&](Statement& page) {
          page.bind_text(1, query.scan).bind(2, query.before);
          page.bind(3, static_cast<std::int64_t>(query.limit));
        },
        pass_of);
  });
}

Result<ScanPass> SqliteChronicle::pass(const std::string& scan, std::int64_t number) {
  return readers_.read<ScanPass>([&](Database& database) -> Result<ScanPass> {
    auto found = chronicled<ScanPass>(
        database, Sql::pass, [&](Statement& query) { query.bind_text(1, scan).bind(2, number); },
        whole_pass_of);
    if (!found) return fail(found.error());
    if (found->empty()) return no_pass(scan, number);
    return std::move(found->front());
  });
}

Status SqliteChronicle::note_definitions(std::span<const DefinitionVersion> held) {
  if (held.empty()) return {};
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    for (const DefinitionVersion& version : held) {
      const auto last = newest_row(database, Sql::newest_version, [&](Statement& query) {
        query.bind_text(1, version.map).bind_text(2, version.name);
      });
      if (!last) return fail(last.error());
      if (last->digest == digest_of(version)) continue;
      transaction.note_write();
      if (Status done = add_version(database, version, last->number + 1); !done) return done;
    }
    return {};
  });
}

Result<std::vector<DefinitionVersion>> SqliteChronicle::versions(const VersionQuery& query) {
  return readers_.read<std::vector<DefinitionVersion>>([&](Database& database) {
    return chronicled<DefinitionVersion>(
        database, Sql::versions,
        [&](Statement& page) {
          page.bind_text(1, query.map).bind_text(2, query.name).bind(3, query.before);
          page.bind(4, static_cast<std::int64_t>(query.limit));
        },
        version_of);
  });
}

}  // namespace waybill::sqlite
