#include <sqlite3.h>

#include <string>
#include <string_view>

#include "adapters/sqlite/database.h"

namespace waybill::sqlite {
namespace {

struct Meaning {
  int sqlite_code;  ///< primary, or extended
  Code code;
  std::string_view what;
  std::string_view advice;
};

/// Extended codes stand before their primary ones.
constexpr Meaning kMeanings[] = {
    {SQLITE_IOERR_SHMSIZE, Code::resource_exhausted,
     "its index of the write-ahead log cannot grow: the disk is full", "free some space"},
    {SQLITE_BUSY, Code::unavailable, "another process has held the ledger for too long",
     "try again; look for a process that holds it"},
    {SQLITE_LOCKED, Code::unavailable, "the ledger is locked", "try again"},
    {SQLITE_FULL, Code::resource_exhausted, "the disk is full",
     "free some space; nothing was written"},
    {SQLITE_NOMEM, Code::resource_exhausted, "out of memory", "give the process more memory"},
    {SQLITE_TOOBIG, Code::resource_exhausted, "a value is too big", "keep big data in a file"},
    {SQLITE_READONLY, Code::failed_precondition, "the ledger cannot be written",
     "check the permissions of the file and its directory"},
    {SQLITE_PERM, Code::permission_denied, "access was denied", "check the file's permissions"},
    {SQLITE_AUTH, Code::permission_denied, "access was denied", "check the file's permissions"},
    {SQLITE_CANTOPEN, Code::not_found, "the file cannot be opened",
     "check that its directory is there and may be written"},
    {SQLITE_NOTADB, Code::invalid_argument, "the file is not a Waybill ledger",
     "name another file, or restore a backup as `waybill db backup --help` says"},
    {SQLITE_CORRUPT, Code::data_loss, "the ledger is damaged",
     "run `waybill db check`, then restore a backup as `waybill db backup --help` says"},
    {SQLITE_IOERR, Code::unavailable, "reading or writing the ledger failed",
     "check the disk and the system's log"},
    {SQLITE_INTERRUPT, Code::cancelled, "the work was interrupted", "try again"},
};

}  // namespace

Error sqlite_error(int extended_code, std::string_view message, const std::string& path) {
  const int primary = extended_code & 0xff;
  const std::string origin =
      " (SQLite " + std::to_string(extended_code) + ": " + std::string(message) + ")";
  for (const Meaning& meaning : kMeanings) {
    if (meaning.sqlite_code != primary && meaning.sqlite_code != extended_code) continue;
    return {.code = meaning.code,
            .message = "ledger " + path + ": " + std::string(meaning.what) + "; " +
                       std::string(meaning.advice) + origin};
  }
  return {.code = Code::internal, .message = "ledger " + path + ": a statement failed" + origin};
}

}  // namespace waybill::sqlite
