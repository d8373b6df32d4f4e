#include "kinds/archive/morph/database.h"

#include <sqlite3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/ascii.h"
#include "base/percent.h"
#include "base/utf8.h"
#include "kinds/archive/file_text.h"

namespace waybill {
namespace {

/// Steps of SQLite's machine between two looks at the time.
constexpr int kStepsBetween = 10'000;
constexpr int kTextBytesMax = 64 << 10;
constexpr int kCellBytesMax = 16 << 20;
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using ForeignStatement = std::unique_ptr<sqlite3_stmt, Finalize>;

std::string quoted_name(std::string_view name) {
  std::string text = "\"";
  for (const char c : name) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string text_at(sqlite3_stmt* statement, int column) {
  const auto* text = reinterpret_cast<const char*>(::sqlite3_column_text(statement, column));
  const int size = ::sqlite3_column_bytes(statement, column);
  return text == nullptr ? std::string()
                         : escape_utf8(std::string_view(text, static_cast<std::size_t>(size)));
}

/// SQLite takes a file of a few bytes for an empty database.
Status check_is_database(const std::string& path) {
  constexpr std::string_view kBeginning("SQLite format 3\0", 16);
  const auto file = open_to_read(path);
  if (!file) return fail(file.error());
  std::string beginning(kBeginning.size(), '\0');
  const ssize_t got = ::pread(file->get(), beginning.data(), beginning.size(), 0);
  if (got < 0) return fail(system_error(errno, "reading " + path));
  if (got == static_cast<ssize_t>(kBeginning.size()) && beginning == kBeginning) return {};
  return fail(Code::failed_precondition, "it cannot be read: it is no database of SQLite");
}

}  // namespace

struct ForeignDatabase::Handle {
  ~Handle() { ::sqlite3_close_v2(db); }
  Handle(Clock& clock_, Deadline deadline_) : clock(clock_), deadline(std::move(deadline_)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  bool is_over() const {
    return deadline.stop.stop_requested() || clock.steady_now() >= deadline.at;
  }
  tl::unexpected<Error> failure() const {
    if (deadline.stop.stop_requested()) return fail(Code::cancelled, "asked to stop");
    if (is_over()) return fail(Code::deadline_exceeded, "the time is over");
    const int code = ::sqlite3_errcode(db) & 0xff;
    const bool is_of_here = code == SQLITE_NOMEM || code == SQLITE_IOERR || code == SQLITE_CANTOPEN;
    return fail(is_of_here ? Code::unavailable : Code::failed_precondition,
                "the database cannot be read: " + escape_utf8(::sqlite3_errmsg(db)));
  }
  Result<ForeignStatement> prepare(const std::string& sql) const {
    sqlite3_stmt* statement = nullptr;
    const int done = ::sqlite3_prepare_v2(db, sql.c_str(), -1, &statement, nullptr);
    ForeignStatement owned(statement);
    if (done != SQLITE_OK) return failure();
    return owned;
  }

  sqlite3* db = nullptr;
  Clock& clock;
  const Deadline deadline;
};

ForeignDatabase::ForeignDatabase(std::unique_ptr<Handle> handle) : handle_(std::move(handle)) {}
ForeignDatabase::ForeignDatabase(ForeignDatabase&&) noexcept = default;
ForeignDatabase& ForeignDatabase::operator=(ForeignDatabase&&) noexcept = default;
ForeignDatabase::~ForeignDatabase() = default;

Result<ForeignDatabase> ForeignDatabase::open(const std::string& path, Clock& clock,
                                              Deadline deadline) {
  if (Status is_one = check_is_database(path); !is_one) return fail(is_one.error());
  auto handle = std::make_unique<Handle>(clock, std::move(deadline));
  // Immutable: nothing is made beside it, whatever mode it says it is in.
  const std::string uri = "file:" + to_percent(path, "/") + "?mode=ro&immutable=1";
  const int opened =
      ::sqlite3_open_v2(uri.c_str(), &handle->db,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, nullptr);
  if (handle->db == nullptr) return fail(Code::resource_exhausted, "no memory for a database");
  if (opened != SQLITE_OK) return handle->failure();
  sqlite3* const db = handle->db;
  // Of one cell that is read as a text; contents are read in pieces.
  ::sqlite3_limit(db, SQLITE_LIMIT_LENGTH, kCellBytesMax);
  ::sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  ::sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  ::sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  ::sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  ::sqlite3_progress_handler(
      db, kStepsBetween,
      [](void* self) { return static_cast<const Handle*>(self)->is_over() ? 1 : 0; }, handle.get());
  const auto strict = handle->prepare("PRAGMA cell_size_check = ON");
  if (!strict) return fail(strict.error());
  ::sqlite3_step(strict->get());
  ForeignDatabase database(std::move(handle));
  // What is no database shows when it is first read.
  if (const auto known = database.tables(); !known) return fail(known.error());
  return database;
}

Result<std::vector<std::string>> ForeignDatabase::tables() {
  // Views and virtual tables have no page of their own.
  const auto statement = handle_->prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 "
      "AND length(name) <= 200 ORDER BY name LIMIT 1000");
  if (!statement) return fail(statement.error());
  std::vector<std::string> names;
  int done = SQLITE_ROW;
  while ((done = ::sqlite3_step(statement->get())) == SQLITE_ROW) {
    names.push_back(text_at(statement->get(), 0));
  }
  if (done != SQLITE_DONE) return handle_->failure();
  return names;
}

/// As they are called there; none: there is no such table.
Result<std::vector<std::string>> ForeignDatabase::columns_of(const std::string& table) {
  const auto known = tables();
  if (!known) return fail(known.error());
  const auto is_it = [&](const std::string& name) { return to_lower(name) == to_lower(table); };
  std::vector<std::string> names;
  if (std::ranges::none_of(*known, is_it)) return names;
  const auto statement = handle_->prepare("PRAGMA table_info(" + quoted_name(table) + ")");
  if (!statement) return fail(statement.error());
  int done = SQLITE_ROW;
  while ((done = ::sqlite3_step(statement->get())) == SQLITE_ROW) {
    names.push_back(to_lower(text_at(statement->get(), 1)));
  }
  if (done != SQLITE_DONE) return handle_->failure();
  return names;
}

Result<std::int64_t> ForeignDatabase::count(const std::string& table) {
  const auto columns = columns_of(table);
  if (!columns) return fail(columns.error());
  if (columns->empty()) return 0;
  const auto statement = handle_->prepare("SELECT count(*) FROM " + quoted_name(table));
  if (!statement) return fail(statement.error());
  if (::sqlite3_step(statement->get()) != SQLITE_ROW) return handle_->failure();
  return ::sqlite3_column_int64(statement->get(), 0);
}

Result<std::vector<ForeignDatabase::Row>> ForeignDatabase::rows(
    const std::string& table, const std::vector<std::string>& columns, std::int64_t after,
    std::size_t limit) {
  const auto there = columns_of(table);
  if (!there) return fail(there.error());
  std::vector<Row> rows;
  if (there->empty()) return rows;
  std::string sql = "SELECT rowid";
  for (const std::string& column : columns) {
    const bool is_there = std::ranges::find(*there, to_lower(column)) != there->end();
    sql += is_there ? ", substr(CAST(" + quoted_name(column) + " AS TEXT), 1, " +
                          std::to_string(kTextBytesMax / 4) + ")"
                    : ", NULL";
  }
  sql += " FROM " + quoted_name(table) + " WHERE rowid > ? ORDER BY rowid LIMIT ?";
  const auto statement = handle_->prepare(sql);
  if (!statement) return fail(statement.error());
  ::sqlite3_bind_int64(statement->get(), 1, after);
  ::sqlite3_bind_int64(statement->get(), 2, static_cast<sqlite3_int64>(limit));
  int done = SQLITE_ROW;
  while ((done = ::sqlite3_step(statement->get())) == SQLITE_ROW) {
    Row row{.id = ::sqlite3_column_int64(statement->get(), 0), .texts = {}};
    for (std::size_t i = 0; i < columns.size(); ++i) {
      row.texts.push_back(text_at(statement->get(), static_cast<int>(i) + 1));
    }
    rows.push_back(std::move(row));
  }
  if (done != SQLITE_DONE) return handle_->failure();
  return rows;
}

Result<bool> ForeignDatabase::content(const std::string& table, const std::string& column,
                                      std::int64_t id,
                                      const std::function<Status(std::string_view)>& sink) {
  const auto statement =
      handle_->prepare("SELECT typeof(" + quoted_name(column) + ") IN ('blob', 'text') FROM " +
                       quoted_name(table) + " WHERE rowid = ?");
  if (!statement) return fail(statement.error());
  ::sqlite3_bind_int64(statement->get(), 1, id);
  const bool has_bytes = ::sqlite3_step(statement->get()) == SQLITE_ROW &&
                         ::sqlite3_column_int(statement->get(), 0) == 1;
  if (!has_bytes) return false;
  sqlite3_blob* opened = nullptr;
  const int done =
      ::sqlite3_blob_open(handle_->db, "main", table.c_str(), column.c_str(), id, 0, &opened);
  const std::unique_ptr<sqlite3_blob, int (*)(sqlite3_blob*)> blob(opened, &::sqlite3_blob_close);
  if (done != SQLITE_OK) return handle_->failure();
  const auto size = static_cast<std::size_t>(::sqlite3_blob_bytes(blob.get()));
  std::string piece;
  for (std::size_t at = 0; at < size; at += piece.size()) {
    if (handle_->is_over()) return handle_->failure();
    piece.resize(std::min(kPieceBytes, size - at));
    const int read = ::sqlite3_blob_read(blob.get(), piece.data(), static_cast<int>(piece.size()),
                                         static_cast<int>(at));
    if (read != SQLITE_OK) return handle_->failure();
    if (Status taken = sink(piece); !taken) return fail(taken.error());
  }
  return true;
}

}  // namespace waybill
