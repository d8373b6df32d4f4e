#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite/feed.h"
#include "adapters/sqlite/file_stamp.h"
#include "adapters/sqlite/sql_statements.h"
#include "base/result.h"
#include "ports/clock.h"

namespace waybill::sqlite {

/// A prepared statement. Views that it gives are good until it is stepped or reset. Bound text and
/// blobs are not copied: they must live until then too.
class Statement {
 public:
  /// `sync_failed` is set when the disk fails to keep what it was asked to.
  Statement(sqlite3_stmt* statement, bool& sync_failed)
      : statement_(statement), sync_failed_(sync_failed) {}
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(int index, std::int64_t value);
  Statement& bind_null(int index);
  Statement& bind_text(int index, std::string_view value);
  Statement& bind_blob(int index, std::string_view value);

  /// True: there is a row. False: that was all; the statement is reset.
  Result<bool> step();
  /// Steps to the end, ignoring rows.
  Status run();
  void reset() { sqlite3_reset(statement_); }

  std::int64_t integer(int column) { return sqlite3_column_int64(statement_, column); }
  bool is_null(int column) { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  bool is_blob(int column) { return sqlite3_column_type(statement_, column) == SQLITE_BLOB; }
  std::string_view text(int column);
  std::string_view blob(int column);

 private:
  sqlite3_stmt* statement_;
  bool& sync_failed_;
};

/// Resets a statement at the end of a scope, so that an early return leaves no read open.
class ResetAtExit {
 public:
  explicit ResetAtExit(Statement& statement) : statement_(statement) {}
  ~ResetAtExit() { statement_.reset(); }
  ResetAtExit(const ResetAtExit&) = delete;
  ResetAtExit& operator=(const ResetAtExit&) = delete;

 private:
  Statement& statement_;
};

enum class OpenMode {
  create,
  existing,
  /// For who may not write the file or beside it, and writes nothing. Beside a writer its log and
  /// index are read. Where there is no log, and so no writer, the file is taken as it is;
  /// check_unchanged() tells whether it stayed so.
  read_only,
};

struct OpenParams {
  std::string path;
  OpenMode mode = OpenMode::existing;
  std::size_t cache_bytes = 4u << 20;
  Duration busy_wait_max = std::chrono::seconds(30);
  std::string vfs;
  /// Nobody else may have the file open meanwhile: whoever tries is busy, and so is this one if
  /// another came first.
  bool alone = false;
};

/// One connection. Used by one thread at a time.
class Database {
 public:
  /// `clock` paces the waits for another process that writes.
  static Result<std::unique_ptr<Database>> open(const OpenParams& params, Clock& clock);
  /// Takes the connection over, open or not; for open().
  Database(sqlite3* connection, const OpenParams& params, Clock& clock);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// The statement of that name, prepared once.
  Result<Statement*> statement(Sql name);
  /// Runs statements that give no rows, or whose rows do not matter.
  Status execute(const char* sql);
  /// The same for a statement that SQLite calls busy at once, without waiting for the rival,
  /// because both would wait for each other: tried again as long as any other waits.
  Status execute_patiently(const char* sql);
  /// The first column of the first row of a statement without parameters.
  Result<std::int64_t> number(Sql name);

  bool in_transaction() const { return sqlite3_get_autocommit(connection_) == 0; }
  std::int64_t rows_changed() const { return sqlite3_changes64(connection_); }
  Feed& feed() { return *feed_; }
  sqlite3* connection() { return connection_; }
  const std::string& path() const { return path_; }

  /// To be asked after a read and before anyone relies on it: `unavailable` if the file was taken
  /// as it is and a writer has come since, so that pages of two states may have been read.
  Status check_unchanged() const;

  /// Whether an fsync has ever failed: nobody knows then what the disk has kept.
  bool sync_failed() const { return sync_failed_; }
  /// Has the end of the connection write nothing back from the log, which it otherwise does if it
  /// is the last one.
  void leave_log_at_close();

  /// What the connection says about its last failure.
  Error last_error() const;

 private:
  static int wait_for_rival(void* self, int tries);
  Status configure(const OpenParams& params);

  sqlite3* connection_;
  std::string path_;
  Clock& clock_;
  Duration busy_wait_max_;
  SteadyTime busy_until_{};
  std::optional<FileStamp> stamp_;  // of a file that is taken as it is
  std::unique_ptr<Feed> feed_;
  bool sync_failed_ = false;
  std::vector<std::unique_ptr<Statement>> statements_;  // by Sql
};

/// Ends a transaction that was not committed.
class Rollback {
 public:
  explicit Rollback(Database& database) : database_(database) {}
  ~Rollback();
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

 private:
  Database& database_;
};

/// The error for a result code of SQLite on this file: what happened, to which path, what to do.
Error sqlite_error(int extended_code, std::string_view message, const std::string& path);

}  // namespace waybill::sqlite
