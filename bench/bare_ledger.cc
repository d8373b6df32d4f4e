#include "bench/bare_ledger.h"

#include "base/check.h"

namespace waybill::bench {
namespace {

constexpr const char* kSchema = R"sql(
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -49152;
PRAGMA wal_autocheckpoint = 16384;
PRAGMA secure_delete = OFF;
CREATE TABLE tasks (
  handle INTEGER PRIMARY KEY, id BLOB NOT NULL, queue TEXT NOT NULL, kind TEXT NOT NULL,
  params TEXT NOT NULL, state INTEGER NOT NULL, run_at INTEGER NOT NULL, attempt INTEGER NOT NULL,
  worker TEXT, lease_until INTEGER, finished_at INTEGER);
CREATE UNIQUE INDEX ids ON tasks (id);
CREATE INDEX ready ON tasks (queue, run_at) WHERE state = 2;
CREATE INDEX leased ON tasks (lease_until) WHERE state = 3;
)sql";

void bind_text(sqlite3_stmt* statement, int index, const std::string& text) {
  sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC);
}

}  // namespace

BareLedger::BareLedger(const std::string& path) {
  sqlite3* connection = nullptr;
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
  const int code = sqlite3_open_v2(path.c_str(), &connection, kFlags, nullptr);
  connection_.reset(connection);
  must(code == SQLITE_OK);
  must(sqlite3_exec(connection, kSchema, nullptr, nullptr, nullptr) == SQLITE_OK);
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
  insert_ = prepare(
      "INSERT INTO tasks (id, queue, kind, params, state, run_at, attempt) "
      "VALUES (?1, ?2, ?3, ?4, 2, ?5, 0)");
  choose_ = prepare(
      "SELECT handle, id, queue, kind, params, attempt FROM tasks "
      "WHERE state = 2 AND queue = 'default' ORDER BY run_at LIMIT ?1");
  claim_ = prepare(
      "UPDATE tasks SET state = 3, attempt = attempt + 1, worker = ?2, lease_until = ?3 "
      "WHERE handle = ?1 AND state = 2");
  complete_ = prepare(
      "UPDATE tasks SET state = 4, lease_until = NULL, finished_at = ?2 "
      "WHERE handle = ?1 AND state = 3");
}

BareLedger::Statement BareLedger::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  must(sqlite3_prepare_v3(connection_.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                          nullptr) == SQLITE_OK);
  return Statement(statement);
}

void BareLedger::must(bool succeeded) {
  WAYBILL_CHECK(succeeded, sqlite3_errmsg(connection_.get()));
}

void BareLedger::run(const Statement& statement) {
  must(sqlite3_step(statement.get()) == SQLITE_DONE);
  sqlite3_reset(statement.get());
}

void BareLedger::insert(std::span<const TaskRequest> requests) {
  run(begin_);
  for (const TaskRequest& request : requests) {
    sqlite3_bind_blob(insert_.get(), 1, request.id.bytes.data(), 16, SQLITE_STATIC);
    bind_text(insert_.get(), 2, request.queue);
    bind_text(insert_.get(), 3, request.kind);
    bind_text(insert_.get(), 4, request.params);
    sqlite3_bind_int64(insert_.get(), 5, ++now_);
    run(insert_);
  }
  run(commit_);
}

std::vector<std::int64_t> BareLedger::claim(std::size_t limit) {
  static const std::string kWorker = "host-12345-0123456789ab";
  run(begin_);
  std::vector<std::int64_t> handles;
  std::vector<std::string> params;  // a worker needs them, so they are read here too
  sqlite3_bind_int64(choose_.get(), 1, static_cast<std::int64_t>(limit));
  while (sqlite3_step(choose_.get()) == SQLITE_ROW) {
    handles.push_back(sqlite3_column_int64(choose_.get(), 0));
    params.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(choose_.get(), 4)));
  }
  sqlite3_reset(choose_.get());
  for (const std::int64_t handle : handles) {
    sqlite3_bind_int64(claim_.get(), 1, handle);
    bind_text(claim_.get(), 2, kWorker);
    sqlite3_bind_int64(claim_.get(), 3, ++now_);
    run(claim_);
  }
  run(commit_);
  return handles;
}

void BareLedger::complete(std::span<const std::int64_t> handles) {
  run(begin_);
  for (const std::int64_t handle : handles) {
    sqlite3_bind_int64(complete_.get(), 1, handle);
    sqlite3_bind_int64(complete_.get(), 2, ++now_);
    run(complete_);
  }
  run(commit_);
}

}  // namespace waybill::bench
