#include "adapters/sqlite/database.h"

#include <mutex>

namespace waybill::sqlite {
namespace {

/// SQLite counts its memory under one lock for the whole process unless told not to before its
/// first use; the count is worth nothing to us and the lock several percent.
void initialize_once() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

int flags_of(OpenMode mode) {
  // One thread at a time uses a connection, so that SQLite's own locks are not needed.
  constexpr int kCommon = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  switch (mode) {
    case OpenMode::create:
      return kCommon | SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    case OpenMode::existing:
      return kCommon | SQLITE_OPEN_READWRITE;
    case OpenMode::read_only:
      return kCommon | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  }
  return kCommon;
}

bool is_failed_sync(int extended_code) {
  return extended_code == SQLITE_IOERR_FSYNC || extended_code == SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace

Statement& Statement::bind(int index, std::int64_t value) {
  sqlite3_bind_int64(statement_, index, value);
  return *this;
}

Statement& Statement::bind_null(int index) {
  sqlite3_bind_null(statement_, index);
  return *this;
}

Statement& Statement::bind_text(int index, std::string_view value) {
  sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int index, std::string_view value) {
  sqlite3_bind_blob64(statement_, index, value.data() == nullptr ? "" : value.data(), value.size(),
                      SQLITE_STATIC);
  return *this;
}

Result<bool> Statement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_);
  if (code == SQLITE_DONE) return false;
  if (is_failed_sync(code)) sync_failed_ = true;
  sqlite3* connection = sqlite3_db_handle(statement_);
  const char* path = sqlite3_db_filename(connection, "main");
  return fail(sqlite_error(code, sqlite3_errmsg(connection), path == nullptr ? "" : path));
}

Status Statement::run() {
  for (;;) {
    const Result<bool> row = step();
    if (!row) return fail(row.error());
    if (!*row) return {};
  }
}

std::string_view Statement::text(int column) {
  const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<size_t>(size));
}

std::string_view Statement::blob(int column) {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const int size = sqlite3_column_bytes(statement_, column);
  return data == nullptr ? std::string_view() : std::string_view(data, static_cast<size_t>(size));
}

Database::Database(sqlite3* connection, const OpenParams& params, Clock& clock)
    : connection_(connection),
      path_(params.path),
      clock_(clock),
      busy_wait_max_(params.busy_wait_max),
      statements_(statements().size()) {}

Database::~Database() {
  statements_.clear();
  sqlite3_close_v2(connection_);
}

Result<std::unique_ptr<Database>> Database::open(const OpenParams& params, Clock& clock) {
  initialize_once();
  std::string name = params.path;
  std::optional<FileStamp> stamp;
  if (params.mode == OpenMode::read_only) {
    const auto found = stamp_of(params.path);
    if (!found) return fail(found.error());
    const auto uri = read_only_uri(params.path, *found);
    if (!uri) return fail(uri.error());
    name = *uri;
    if (!found->has_log) stamp = *found;
  }
  sqlite3* connection = nullptr;
  const char* vfs = params.vfs.empty() ? nullptr : params.vfs.c_str();
  const int code = sqlite3_open_v2(name.c_str(), &connection, flags_of(params.mode), vfs);
  if (connection == nullptr) {
    return fail(Code::resource_exhausted, "opening ledger " + params.path + ": out of memory");
  }
  auto database = std::make_unique<Database>(connection, params, clock);
  database->stamp_ = stamp;
  if (code != SQLITE_OK) return fail(sqlite_error(code, sqlite3_errmsg(connection), params.path));
  // SQLite opens a file that it may not write for reading, and says so only at the first write.
  if (params.mode != OpenMode::read_only && sqlite3_db_readonly(connection, "main") == 1) {
    return fail(sqlite_error(SQLITE_READONLY, "opened for reading only", params.path));
  }
  if (Status configured = database->configure(params); !configured) {
    return fail(configured.error());
  }
  return database;
}

Status Database::configure(const OpenParams& params) {
  sqlite3_busy_handler(connection_, &Database::wait_for_rival, this);
  feed_ = std::make_unique<Feed>();
  if (const int code = feed_->attach(connection_); code != SQLITE_OK) return fail(last_error());
  // Finds a damaged page when it is read rather than when it does harm; keeps no deleted bytes from
  // view, as the file's permissions do; never makes a temporary file.
  // What keeps others out has to come before the first look at the file.
  const std::string pragmas = std::string(params.alone ? "PRAGMA locking_mode = EXCLUSIVE;" : "") +
                              "PRAGMA cell_size_check = ON; PRAGMA secure_delete = OFF;"
                              "PRAGMA temp_store = MEMORY; PRAGMA synchronous = FULL;"
                              "PRAGMA cache_size = -" +
                              std::to_string(params.cache_bytes / 1024);
  return execute(pragmas.c_str());
}

int Database::wait_for_rival(void* self, int tries) {
  auto& database = *static_cast<Database*>(self);
  const SteadyTime now = database.clock_.steady_now();
  if (tries == 0) database.busy_until_ = now + database.busy_wait_max_;
  if (now >= database.busy_until_) return 0;
  // A rival's commit takes about as long as an fsync: look again soon, a little later each time.
  const Duration nap = std::min<Duration>(std::chrono::microseconds(200) * (tries + 1),
                                          std::chrono::milliseconds(5));
  database.clock_.wait_until(now + nap, {});
  return 1;
}

Result<Statement*> Database::statement(Sql name) {
  const auto index = static_cast<std::size_t>(name);
  auto& slot = statements_[index];
  if (slot == nullptr) {
    sqlite3_stmt* prepared = nullptr;
    const int code = sqlite3_prepare_v3(connection_, statements()[index].text, -1,
                                        SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
    if (code != SQLITE_OK) {
      return fail(with_context(last_error(), std::string("preparing ") + statements()[index].name));
    }
    slot = std::make_unique<Statement>(prepared, sync_failed_);
  }
  return slot.get();
}

Status Database::execute(const char* sql) {
  const int code = sqlite3_exec(connection_, sql, nullptr, nullptr, nullptr);
  if (code == SQLITE_OK) return {};
  if (is_failed_sync(code)) sync_failed_ = true;
  return fail(last_error());
}

Status Database::execute_patiently(const char* sql) {
  for (int tries = 0;; ++tries) {
    Status done = execute(sql);
    if (done || (sqlite3_errcode(connection_) & 0xff) != SQLITE_BUSY) return done;
    if (wait_for_rival(this, tries) == 0) return done;
  }
}

Result<std::int64_t> Database::number(Sql name) {
  const Result<Statement*> query = statement(name);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const Result<bool> row = (*query)->step();
  if (!row) return fail(row.error());
  return *row ? (*query)->integer(0) : 0;
}

Status Database::check_unchanged() const {
  if (!stamp_) return {};
  const auto now = stamp_of(path_);
  if (!now) return fail(now.error());
  if (*now == *stamp_) return {};
  return fail(Code::unavailable, "ledger " + path_ +
                                     ": it was written while it was read without a lock, which "
                                     "you may not take here; try again");
}

void Database::leave_log_at_close() {
  sqlite3_db_config(connection_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

Error Database::last_error() const {
  return sqlite_error(sqlite3_extended_errcode(connection_), sqlite3_errmsg(connection_), path_);
}

Rollback::~Rollback() {
  if (!database_.in_transaction()) return;
  // Nothing to be done if it fails: SQLite undoes the transaction when the file is opened next.
  (void)database_.execute("ROLLBACK");
}

}  // namespace waybill::sqlite
