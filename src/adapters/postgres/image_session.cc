#include "adapters/postgres/image_session.h"

#include <utility>

#include "adapters/postgres/check.h"
#include "adapters/postgres/database.h"
#include "adapters/postgres/image_sql.h"
#include "adapters/postgres/migrate.h"
#include "adapters/postgres/partitions.h"
#include "adapters/postgres/retirement.h"

namespace waybill::postgres {
namespace {

/// How long sessions that are about to end are waited for.
constexpr Duration kRivalsWaitMax = std::chrono::seconds(2);
constexpr Duration kRivalsNap = std::chrono::milliseconds(100);

std::string joined_places(const char* before) {
  std::string list;
  for (const std::string& place : image_places()) {
    list += (list.empty() ? "" : ", ") + std::string(before) + place;
  }
  return list;
}

Array array_of(const ImageTable& table, std::size_t column, const std::vector<ImageRow>& rows) {
  const CellType type = table.columns[column].type;
  const bool is_number = type == CellType::integer || type == CellType::flag;
  Array array(is_number                ? Array::Of::integers
              : type == CellType::text ? Array::Of::texts
              : type == CellType::id   ? Array::Of::uuids
                                       : Array::Of::bytes);
  for (const ImageRow& row : rows) {
    if (const auto* number = std::get_if<std::int64_t>(&row[column])) {
      array.add(*number);
    } else if (const auto* bytes = std::get_if<std::string>(&row[column])) {
      type == CellType::id ? array.add(to_uuid(*bytes)) : array.add(std::string_view(*bytes));
    } else {
      array.add_null();
    }
  }
  return array;
}

Cell image_cell(const Rows& rows, int row, int column, CellType type) {
  if (rows.is_null(row, column)) return std::monostate{};
  if (type == CellType::integer || type == CellType::flag) return rows.integer(row, column);
  return std::string(rows.text(row, column));
}

std::vector<ImageRow> image_rows(const ImageTable& table, const Rows& rows) {
  std::vector<ImageRow> read(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    ImageRow& cells = read[static_cast<std::size_t>(row)];
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      cells.push_back(image_cell(rows, row, static_cast<int>(i), table.columns[i].type));
    }
  }
  return read;
}

}  // namespace

ImageSession::ImageSession(const std::string& conninfo, Clock& clock)
    : clock_(clock),
      pool_({.connect = {.conninfo = conninfo}, .connections_max = 1, .reconnect_time_max = {}},
            clock) {}

Status ImageSession::begin(For purpose) {
  if (Status ready = require_schema(purpose); !ready) return ready;
  return take_tables(purpose);
}

Result<bool> ImageSession::begin_if_there() {
  const auto found = find_schema();
  if (!found) return fail(found.error());
  if (*found == 0) return false;
  if (Status taken = take_tables(For::writing); !taken) return fail(taken.error());
  return true;
}

Status ImageSession::take_tables(For purpose) {
  auto leased = pool_.take({});
  if (!leased) return fail(leased.error());
  leased_ = std::make_unique<Pool::Leased>(std::move(*leased));
  if (Status alone = refuse_rivals(); !alone) return alone;
  // Or there would be rows of tasks that are not there any more.
  if (Status cleared = clear_all_retired(connection()); !cleared) {
    return fail(with_context(cleared.error(), "ending what retention has begun to remove"));
  }
  return lock_tables(purpose);
}

Result<int> ImageSession::find_schema() {
  SchemaVersion found;
  const Status read = Database(pool_).snapshot([&](Connection& connection) -> Status {
    place_ = connection.place();
    const auto version = read_schema_version(connection);
    if (!version) return fail(version.error());
    found = *version;
    return {};
  });
  if (!read) return fail(read.error());
  if (found.version > schema_version()) {
    // It may have columns that this program does not know.
    return fail(Code::failed_precondition, "the ledger in " + place_ + " has schema version " +
                                               std::to_string(found.version) +
                                               ", newer than this binary; use a newer waybill");
  }
  if (found.version == 0) return 0;
  if (Status right = check_schema(found, place_); !right) return fail(right.error());
  return found.version;
}

Status ImageSession::require_schema(For purpose) {
  const auto found = find_schema();
  if (!found) return fail(found.error());
  if (*found > 0) return {};
  if (purpose == For::reading) {
    return fail(Code::not_found, "there is no ledger in " + place_ + "; name another database");
  }
  Database database(pool_);
  const auto made = migrate(database);
  return made ? Status() : fail(made.error());
}

Status ImageSession::refuse_rivals() {
  for (const SteadyTime until = clock_.steady_now() + kRivalsWaitMax;;) {
    const auto rivals = connection().run(Sql::rivals, {}, {});
    if (!rivals) return fail(rivals.error());
    if (rivals->empty()) return {};
    if (clock_.steady_now() >= until) {
      return fail(Code::failed_precondition,
                  "another program is connected to the ledger in " + place_ + " (" +
                      std::string(rivals->text(0, 0)) +
                      "); stop every `waybill serve`, `up` and `worker` that uses it, then try "
                      "again; behind a pooler, name the database itself");
    }
    clock_.wait_until(clock_.steady_now() + kRivalsNap, {});
  }
}

Status ImageSession::lock_tables(For purpose) {
  // Nothing is looked at before the locks are there: the snapshot is taken then.
  const std::string script =
      "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE;"
      "SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = 0; SET LOCAL jit = off;"
      "SET LOCAL idle_in_transaction_session_timeout = 0;"
      "LOCK TABLE waybill.ledger, " +
      joined_places("waybill.") +
      (purpose == For::reading ? " IN SHARE MODE" : " IN SHARE ROW EXCLUSIVE MODE");
  const Status locked = connection().run_script(script, {});
  if (locked) return {};
  return fail(with_context(locked.error(), "keeping others from changing the ledger"));
}

Status ImageSession::read(const ImageTable& table, const LedgerImage::Sink& sink) {
  const Connection::LongCalls unhurried(connection());
  const Status declared =
      connection().run_script("DECLARE image NO SCROLL CURSOR FOR " + image_select(table), {});
  if (!declared) return fail(with_context(declared.error(), "reading " + std::string(table.name)));
  for (;;) {
    // Few, as a row may be of some megabytes.
    const auto rows = connection().run_text("FETCH FORWARD 100 FROM image", {}, {});
    if (!rows) return fail(with_context(rows.error(), "reading " + std::string(table.name)));
    if (rows->empty()) return connection().run_script("CLOSE image", {});
    std::vector<ImageRow> read = image_rows(table, *rows);
    if (Status taken = sink(read); !taken) return taken;
  }
}

Result<CheckReport> ImageSession::check() {
  const Connection::LongCalls unhurried(connection());
  return check_ledger(connection());
}

Status ImageSession::require_empty() {
  std::string query;
  for (const std::string& place : image_places()) {
    if (place == "store_claims") continue;  // each ledger has one
    query += query.empty() ? "" : " UNION ALL ";
    query += "SELECT '" + place + "' WHERE EXISTS (SELECT FROM waybill." + place + ")";
  }
  const auto filled = connection().run_text(query, {}, {});
  if (!filled) return fail(filled.error());
  if (filled->empty()) return {};
  return fail(Code::already_exists,
              "the ledger in " + place_ + " is not empty: there are rows in waybill." +
                  std::string(filled->text(0, 0)) +
                  "; name another database, or, if nobody needs that ledger, have its owner run "
                  "`DROP SCHEMA waybill CASCADE`");
}

Status ImageSession::make_partitions_for(const ImageTable& table,
                                         const std::vector<ImageRow>& rows) {
  if (table.name != "tasks") return {};
  for (const ImageRow& row : rows) {
    const auto* handle = std::get_if<std::int64_t>(&row[0]);
    const auto* state = std::get_if<std::int64_t>(&row[4]);
    if (handle == nullptr || state == nullptr || *state < 4) continue;
    if (!partitions_.insert(span_of(*handle)).second) continue;
    const auto made = connection().run(Sql::make_partition, Params().integer(span_of(*handle)), {});
    if (!made) return fail(made.error());
  }
  return {};
}

Status ImageSession::insert(const ImageTable& table, const std::vector<ImageRow>& rows) {
  if (Status made = make_partitions_for(table, rows); !made) return made;
  Params params;
  for (std::size_t i = 0; i < table.columns.size(); ++i) params.array(array_of(table, i, rows));
  const Connection::LongCalls unhurried(connection());
  const auto done = connection().run_text(image_insert(table), params, {});
  if (!done) return fail(with_context(done.error(), "writing " + std::string(table.name)));
  return {};
}

Status ImageSession::seal() {
  const Connection::LongCalls unhurried(connection());
  for (const Sql sql : {Sql::seal_lanes, Sql::seal_numbers, Sql::seal_counted}) {
    const auto sealed = connection().run(sql, {}, {});
    if (!sealed) return fail(sealed.error());
  }
  return connection().run_script("ANALYZE " + joined_places("waybill."), {});
}

Status ImageSession::commit() {
  const Connection::LongCalls unhurried(connection());
  // Also that the commit is on disk when it is answered.
  const auto set = connection().run(Sql::write_settings, {}, {});
  if (!set) return fail(set.error());
  const auto committed = connection().run(Sql::commit, {}, {});
  if (committed) return {};
  return fail(connection().is_lost() ? commit_not_known(committed.error()) : committed.error());
}

}  // namespace waybill::postgres
