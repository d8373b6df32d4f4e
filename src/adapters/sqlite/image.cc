#include "adapters/sqlite/image.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <utility>

#include "adapters/sqlite/check.h"
#include "adapters/sqlite/database.h"
#include "adapters/sqlite/image_sql.h"
#include "adapters/sqlite/migrate.h"
#include "base/file_descriptor.h"

namespace waybill::sqlite {
namespace {

/// Rows that are in memory at once: about this much of them.
constexpr std::size_t kImageRowsMax = 500;
constexpr std::size_t kImageBytesMax = 4 << 20;

/// Long enough for a program that has just ended.
constexpr Duration kAloneWaitMax = std::chrono::seconds(2);

using PreparedStatement = std::unique_ptr<Statement>;

Result<PreparedStatement> prepare_text(Database& database, const std::string& text,
                                       bool& sync_failed) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v2(database.connection(), text.c_str(), -1, &prepared, nullptr);
  if (code != SQLITE_OK) return fail(with_context(database.last_error(), "preparing " + text));
  return std::make_unique<Statement>(prepared, sync_failed);
}

Cell cell_of(Statement& row, int column, CellType type) {
  if (row.is_null(column)) return std::monostate{};
  if (type == CellType::integer || type == CellType::flag) return row.integer(column);
  return std::string(row.blob(column));
}

std::size_t bytes_of_row(const ImageRow& row) {
  std::size_t bytes = 0;
  for (const Cell& cell : row) {
    if (const auto* text = std::get_if<std::string>(&cell)) bytes += text->size();
  }
  return bytes;
}

Status read_image(Database& database, const ImageTable& table, const LedgerImage::Sink& sink) {
  bool sync_failed = false;
  const auto query = prepare_text(database, image_select(table), sync_failed);
  if (!query) return fail(query.error());
  std::vector<ImageRow> rows;
  std::size_t bytes = 0;
  for (;;) {
    const auto more = (*query)->step();
    if (!more) return fail(with_context(more.error(), "reading " + std::string(table.name)));
    if (!*more) break;
    ImageRow& row = rows.emplace_back();
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      row.push_back(cell_of(**query, static_cast<int>(i), table.columns[i].type));
    }
    bytes += bytes_of_row(row);
    if (rows.size() < kImageRowsMax && bytes < kImageBytesMax) continue;
    if (Status taken = sink(rows); !taken) return taken;
    rows.clear();
    bytes = 0;
  }
  return rows.empty() ? Status() : sink(rows);
}

void bind_cell(Statement& statement, int index, const Cell& cell, CellType type) {
  if (const auto* number = std::get_if<std::int64_t>(&cell)) {
    statement.bind(index, *number);
  } else if (const auto* bytes = std::get_if<std::string>(&cell)) {
    type == CellType::text ? statement.bind_text(index, *bytes)
                           : statement.bind_blob(index, *bytes);
  } else {
    statement.bind_null(index);
  }
}

/// Whoever has the file open holds a lock on it for as long as it does.
Result<std::unique_ptr<Database>> open_alone(const std::string& path, OpenMode mode, Clock& clock) {
  auto database = Database::open(
      {.path = path, .mode = mode, .busy_wait_max = kAloneWaitMax, .alone = true}, clock);
  const Status taken =
      database ? (*database)->execute("BEGIN EXCLUSIVE; COMMIT") : fail(database.error());
  if (taken) return database;
  if (taken.error().code != Code::unavailable) return fail(taken.error());
  return fail(Code::failed_precondition,
              "another program has the ledger " + path +
                  " open; stop every `waybill serve`, `up` and `worker` that uses it, then try "
                  "again");
}

class SqliteImage final : public LedgerImage {
 public:
  SqliteImage(std::unique_ptr<Database> database, Clock& clock)
      : database_(std::move(database)), clock_(clock) {}

  const std::string& place() const override { return database_->path(); }
  Status read(const ImageTable& table, const Sink& sink) override {
    return read_image(*database_, table, sink);
  }
  Result<CheckReport> check() override { return check_ledger(*database_, clock_); }

 private:
  const std::unique_ptr<Database> database_;
  Clock& clock_;
};

void remove_unfinished(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;  // what cannot be removed is in the way of the next one, which says so
    std::filesystem::remove(path + suffix, ignored);
  }
}

tl::unexpected<Error> file_is_there(const std::string& path) {
  return fail(Code::already_exists, "there is a file " + path +
                                        " already; name another place, or move it away if nobody "
                                        "needs what it holds");
}

class SqliteDraft final : public LedgerDraft {
 public:
  SqliteDraft(std::unique_ptr<Database> database, std::string path, Clock& clock)
      : database_(std::move(database)),
        unfinished_(database_->path()),
        path_(std::move(path)),
        clock_(clock) {}
  ~SqliteDraft() override {
    inserts_.clear();
    database_.reset();
    if (!unfinished_.empty()) remove_unfinished(unfinished_);
  }

  const std::string& place() const override { return path_; }
  Status read(const ImageTable& table, const Sink& sink) override {
    return read_image(*database_, table, sink);
  }
  Result<CheckReport> check() override { return check_ledger(*database_, clock_); }

  Result<std::int64_t> put(const ImageTable& table, std::vector<ImageRow>& rows) override {
    const auto inserts = inserts_of(table);
    if (!inserts) return fail(inserts.error());
    for (const ImageRow& row : rows) {
      for (const Prepared& insert : **inserts) {
        for (std::size_t i = 0; i < insert.cells.size(); ++i) {
          const std::size_t cell = insert.cells[i];
          bind_cell(*insert.statement, static_cast<int>(i + 1), row[cell],
                    table.columns[cell].type);
        }
        if (Status done = insert.statement->run(); !done) {
          return fail(with_context(done.error(), "writing " + std::string(table.name)));
        }
      }
    }
    return 0;
  }

  Status finish() override {
    inserts_.clear();
    const auto seal = database_->statement(Sql::seal_lanes);
    if (!seal) return fail(seal.error());
    if (Status sealed = (*seal)->run(); !sealed) return sealed;
    return database_->execute("COMMIT");
  }

  Status publish() override;

 private:
  struct Prepared {
    PreparedStatement statement;
    std::vector<std::size_t> cells;
  };

  Result<const std::vector<Prepared>*> inserts_of(const ImageTable& table) {
    auto [place, is_new] = inserts_.try_emplace(table.name);
    if (!is_new) return &place->second;
    for (ImageInsert& insert : image_inserts(table)) {
      auto statement = prepare_text(*database_, insert.text, sync_failed_);
      if (!statement) return fail(statement.error());
      place->second.push_back(
          {.statement = std::move(*statement), .cells = std::move(insert.cells)});
    }
    return &place->second;
  }

  bool sync_failed_ = false;
  std::unique_ptr<Database> database_;
  std::string unfinished_;  // empty: it has its name
  const std::string path_;
  Clock& clock_;
  std::map<std::string_view, std::vector<Prepared>> inserts_;  // by table
};

Status sync_path(const std::string& path, int flags) {
  const FileDescriptor file(::open(path.c_str(), flags | O_CLOEXEC));
  if (!file.is_open()) return fail(system_error(errno, "opening " + path));
  if (::fsync(file.get()) != 0) return fail(system_error(errno, "syncing " + path));
  return {};
}

Status SqliteDraft::publish() {
  inserts_.clear();
  database_.reset();
  if (Status kept = sync_path(unfinished_, O_RDONLY); !kept) return kept;
  // Unlike rename, link never replaces.
  if (::link(unfinished_.c_str(), path_.c_str()) != 0) {
    if (errno == EEXIST) return file_is_there(path_);
    return fail(system_error(errno, "naming the ledger " + path_));
  }
  remove_unfinished(unfinished_);
  unfinished_.clear();
  const std::filesystem::path parent = std::filesystem::path(path_).parent_path();
  const Status named = sync_path(parent.empty() ? "." : parent.string(), O_RDONLY | O_DIRECTORY);
  // Who is told that it failed finds no ledger.
  if (!named) ::unlink(path_.c_str());
  return named;
}

/// A new file with the newest schema, in a transaction; nothing of it needs to be on disk before it
/// is published.
Result<std::unique_ptr<Database>> begin_file(const std::string& path, Clock& clock) {
  auto database = open_alone(path, OpenMode::create, clock);
  if (!database) return fail(database.error());
  if (const auto made = migrate(**database); !made) return fail(made.error());
  const Status begun =
      (*database)->execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
  if (!begun) return fail(begun.error());
  return database;
}

/// What a copy that was cut off has left goes; another one at work keeps us out.
Status clear_unfinished(const std::string& path, Clock& clock) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) return {};
  const auto left = open_alone(path, OpenMode::existing, clock);
  if (!left && left.error().code == Code::failed_precondition) {
    return fail(Code::failed_precondition, "another program is making the ledger " + path +
                                               "; wait until it has ended, then try again");
  }
  remove_unfinished(path);
  return {};
}

}  // namespace
}  // namespace waybill::sqlite

namespace waybill {

Result<std::unique_ptr<LedgerImage>> open_sqlite_image(const std::string& path, Clock& clock) {
  std::error_code unknown;
  if (!std::filesystem::exists(path, unknown)) {
    return fail(Code::not_found, "there is no ledger " + path + "; name its directory or file");
  }
  auto database = sqlite::open_alone(path, sqlite::OpenMode::existing, clock);
  if (!database) return fail(database.error());
  const auto found = sqlite::read_schema_version(**database);
  if (!found) return fail(found.error());
  if (Status right = sqlite::check_schema(**database, *found); !right) return fail(right.error());
  return std::make_unique<sqlite::SqliteImage>(std::move(*database), clock);
}

Status check_sqlite_vacant(const std::string& path) {
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown)) return sqlite::file_is_there(path);
  return {};
}

Result<std::unique_ptr<LedgerDraft>> begin_sqlite_draft(const std::string& path, Clock& clock) {
  if (Status vacant = check_sqlite_vacant(path); !vacant) return fail(vacant.error());
  const std::string unfinished = path + ".unfinished";
  if (Status cleared = sqlite::clear_unfinished(unfinished, clock); !cleared) {
    return fail(cleared.error());
  }
  auto database = sqlite::begin_file(unfinished, clock);
  if (!database) return fail(database.error());
  return std::make_unique<sqlite::SqliteDraft>(std::move(*database), path, clock);
}

}  // namespace waybill
