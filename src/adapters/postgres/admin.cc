#include "adapters/postgres/admin.h"

#include <boost/json.hpp>

#include "adapters/postgres/check.h"
#include "adapters/postgres/load.h"
#include "adapters/postgres/migrate.h"
#include "adapters/postgres/tally.h"
#include "base/json.h"
#include "core/history.h"
#include "core/task_json.h"

namespace waybill::postgres {
namespace {

namespace bj = boost::json;

/// Rows that are in memory at once.
constexpr std::int64_t kRowChunk = 2000;

Result<std::string> line_of(const LoadedTask& loaded, const Rows& rows, int row) {
  if (!loaded.whole) return fail(loaded.whole.error());
  const auto history = read_history(rows.text(row, 20));
  if (!history) {
    return fail(with_context(history.error(), "task " + to_string(loaded.task.id())));
  }
  bj::array entries;
  for (const HistoryEntry& entry : *history) entries.push_back(history_to_json(entry));
  bj::object object = task_to_json(loaded.task);
  object["progress"] = text_to_json(rows.text(row, 21));
  object["checkpoint"] = text_to_json(rows.text(row, 22));
  object["history"] = std::move(entries);
  return bj::serialize(object);
}

}  // namespace

Status for_chunks(Connection& connection, Sql sql,
                  const std::function<Status(const Rows& rows)>& each) {
  std::int64_t after = 0;
  for (;;) {
    const auto rows =
        connection.run(sql, std::move(Params().integer(after).integer(kRowChunk)), {});
    if (!rows) return fail(rows.error());
    if (rows->empty()) return {};
    if (Status done = each(*rows); !done) return done;
    after = rows->integer(rows->size() - 1, 0);
  }
}

Result<CheckReport> PostgresAdminPort::check() {
  CheckReport report;
  const Status checked = database_.snapshot_of_tasks([&](Connection& connection) -> Status {
    const Connection::LongCalls unhurried(connection);
    auto found = check_ledger(connection);
    if (!found) return fail(found.error());
    report = std::move(*found);
    return {};
  });
  if (!checked) return fail(checked.error());
  return report;
}

Result<LedgerStats> PostgresAdminPort::stats() {
  const auto rows = database_.read(Sql::stats);
  if (!rows) return fail(rows.error());
  const auto lanes = read_counts(database_);
  if (!lanes) return fail(lanes.error());
  LedgerStats stats{.location = std::string(rows->text(0, 0)),
                    .schema_version = static_cast<int>(rows->integer(0, 1)),
                    .events_kept = rows->integer(0, 2),
                    .spent_keys = rows->integer(0, 3),
                    .file_bytes = rows->integer(0, 4)};
  for (const LaneCounts& lane : *lanes) {
    for (int state = 0; state < kStateCount; ++state) {
      const std::int64_t count = lane.counts[static_cast<std::size_t>(state)];
      stats.tasks += count;
      if (!is_finished(static_cast<State>(state))) stats.tasks_live += count;
    }
  }
  return stats;
}

Result<std::int64_t> PostgresAdminPort::size_bytes() {
  const auto rows = database_.read(Sql::size_bytes);
  if (!rows) return fail(rows.error());
  return rows->integer(0, 0);
}

Status PostgresAdminPort::backup(const std::string&) {
  return fail(Code::unimplemented,
              "a ledger on PostgreSQL is backed up with the database's own tools; run `pg_dump "
              "--schema=waybill`, or archive its log as its manual says");
}

Status PostgresAdminPort::export_tasks(const std::function<Status(std::string_view line)>& sink) {
  return database_.snapshot_of_tasks([&](Connection& connection) -> Status {
    return for_chunks(connection, Sql::export_rows, [&](const Rows& rows) -> Status {
      const auto names = names_for(lanes_, rows, 2);
      if (!names) return fail(names.error());
      for (int row = 0; row < rows.size(); ++row) {
        const auto line = line_of(read_row(rows, row, **names), rows, row);
        if (!line) return fail(line.error());
        if (Status taken = sink(*line); !taken) return taken;
      }
      return {};
    });
  });
}

}  // namespace waybill::postgres
