#include "adapters/sqlite/backup.h"

#include <filesystem>

namespace waybill::sqlite {
namespace {

struct FinishBackup {
  void operator()(sqlite3_backup* backup) const { sqlite3_backup_finish(backup); }
};

/// Copies all pages in one go: in one read transaction, which a writer in WAL mode does not
/// disturb.
Status copy_pages(Database& source, Database& target) {
  const std::unique_ptr<sqlite3_backup, FinishBackup> backup(
      sqlite3_backup_init(target.connection(), "main", source.connection(), "main"));
  if (backup == nullptr) return fail(target.last_error());
  const int code = sqlite3_backup_step(backup.get(), -1);
  if (code == SQLITE_DONE) return {};
  return fail(sqlite_error(code, sqlite3_errstr(code), target.path()));
}

Status copy_to(Database& source, const std::string& path, Clock& clock) {
  auto target = Database::open({.path = path, .mode = OpenMode::create}, clock);
  if (!target) return fail(target.error());
  if (Status copied = copy_pages(source, **target); !copied) return copied;
  if (Status same = source.check_unchanged(); !same) return same;
  // One file without a log beside it, so that it can be moved about as one.
  return (*target)->execute("PRAGMA journal_mode = DELETE");
}

}  // namespace

Status back_up(Database& source, const std::string& path, Clock& clock) {
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown)) {
    return fail(Code::already_exists,
                "backup to " + path + ": there is a file of that name; name another one");
  }
  Status copied = copy_to(source, path, clock);
  if (copied) return copied;
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    std::error_code ignored;  // the copy is useless either way
    std::filesystem::remove(path + suffix, ignored);
  }
  return fail(with_context(copied.error(), "backup to " + path));
}

}  // namespace waybill::sqlite
