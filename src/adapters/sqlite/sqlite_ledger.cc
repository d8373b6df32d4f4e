#include "adapters/sqlite/sqlite_ledger.h"

#include <optional>
#include <utility>

#include "adapters/sqlite/admin.h"
#include "adapters/sqlite/answer_store.h"
#include "adapters/sqlite/artifact_index.h"
#include "adapters/sqlite/audit_log.h"
#include "adapters/sqlite/backup.h"
#include "adapters/sqlite/collection_store.h"
#include "adapters/sqlite/database.h"
#include "adapters/sqlite/host_turns.h"
#include "adapters/sqlite/ledger.h"
#include "adapters/sqlite/migrate.h"
#include "adapters/sqlite/people_store.h"
#include "adapters/sqlite/reader.h"
#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/registry.h"
#include "adapters/sqlite/run_store.h"
#include "adapters/sqlite/secret_store.h"
#include "adapters/sqlite/token_store.h"
#include "adapters/sqlite/webhook_store.h"
#include "adapters/sqlite/writer.h"
#include "ports/bell.h"

namespace waybill {

using sqlite::Database;

struct SqliteLedger::Parts {
  Parts(std::unique_ptr<Database> database, const sqlite::ReaderPool::Params& pool, Clock& clock,
        const sqlite::Writer::Params& params)
      : writer(std::move(database), params, bell),
        readers(pool, clock),
        ledger(writer, readers, clock),
        reader(readers, bell, clock),
        registry(writer, readers, clock),
        tokens(writer, readers),
        people(writer, readers),
        audit(writer, readers),
        secrets(writer, readers),
        webhooks(writer, readers),
        collections(writer, readers),
        host_turns(writer, clock),
        answers(writer, readers),
        artifacts(writer, readers),
        runs(writer, readers, clock),
        admin(readers, pool.open, clock) {}

  Bell bell;
  sqlite::Writer writer;
  sqlite::ReaderPool readers;
  sqlite::SqliteLedgerPort ledger;
  sqlite::SqliteReaderPort reader;
  sqlite::SqliteRegistryPort registry;
  sqlite::SqliteTokenPort tokens;
  sqlite::SqlitePeoplePort people;
  sqlite::SqliteAuditPort audit;
  sqlite::SqliteSecretPort secrets;
  sqlite::SqliteWebhookPort webhooks;
  sqlite::SqliteCollectionPort collections;
  sqlite::SqliteHostTurnsPort host_turns;
  sqlite::SqliteAnswerPort answers;
  sqlite::SqliteArtifactPort artifacts;
  sqlite::SqliteRunPort runs;
  sqlite::SqliteAdminPort admin;
};

namespace {

sqlite::OpenParams open_params(const std::string& path, const SqliteLedgerOptions& options) {
  const bool may_make = options.access == SqliteAccess::write;
  return {.path = path,
          .mode = may_make ? sqlite::OpenMode::create : sqlite::OpenMode::existing,
          .cache_bytes = options.cache_bytes,
          .busy_wait_max = options.busy_wait_max,
          .vfs = options.vfs};
}

/// As far as no reader is in the way and nobody else is at it.
Status write_log_back(Database& database) {
  const int code = sqlite3_wal_checkpoint_v2(database.connection(), nullptr,
                                             SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
  return fail(database.last_error());
}

Status refuse_empty(const Database& database) {
  return fail(Code::failed_precondition,
              "ledger " + database.path() +
                  " is an empty file; if it held tasks before, put a backup in its place, else "
                  "remove it, or have `waybill up` make a ledger of it");
}

/// A file that has no tables yet is made a ledger if that may be; any other must have our version.
Status make_ready(Database& database, SqliteAccess access) {
  const auto found = sqlite::read_schema_version(database);
  if (!found) return fail(found.error());
  const bool empty = found->ours && found->version == 0;
  if (empty && access != SqliteAccess::write) return refuse_empty(database);
  if (!empty) {
    if (Status right = sqlite::check_schema(database, *found); !right) return right;
  }
  const auto migrated = sqlite::migrate(database);
  if (!migrated) return fail(migrated.error());
  // What a process left in the log whose sync had failed may be in the kernel's memory only, and
  // nothing may be committed on top of that: a crash would end the log before it.
  if (access == SqliteAccess::write) {
    if (Status kept = write_log_back(database); !kept) return kept;
  }
  // The writer writes the log back itself, between transactions.
  return database.execute("PRAGMA wal_autocheckpoint = 0");
}

/// The connection of a writer, or one that writes nothing; `params` says which.
Result<std::unique_ptr<Database>> open_ready(sqlite::OpenParams& params, SqliteAccess access,
                                             Clock& clock) {
  if (access == SqliteAccess::read && !sqlite::may_write(params.path)) {
    params.mode = sqlite::OpenMode::read_only;
  }
  auto database = Database::open(params, clock);
  if (!database) return fail(database.error());
  if (params.mode != sqlite::OpenMode::read_only) {
    if (Status ready = make_ready(**database, access); !ready) return fail(ready.error());
    return database;
  }
  const auto found = sqlite::read_schema_version(**database);
  if (!found) return fail(found.error());
  if (found->ours && found->version == 0) return fail(refuse_empty(**database).error());
  if (Status right = sqlite::check_schema(**database, *found); !right) return fail(right.error());
  return database;
}

/// To look at a ledger of whichever schema.
Result<std::unique_ptr<Database>> open_unready(const std::string& path, Clock& clock,
                                               const SqliteLedgerOptions& options) {
  sqlite::OpenParams params = open_params(path, options);
  params.mode = sqlite::may_write(path) ? sqlite::OpenMode::existing : sqlite::OpenMode::read_only;
  return Database::open(params, clock);
}

/// The schema version of a ledger that is ours and not newer than this binary; 0: it is empty.
Result<int> known_version(Database& database) {
  const auto found = sqlite::read_schema_version(database);
  if (!found) return fail(found.error());
  if (!found->ours || found->version > sqlite::schema_version()) {
    return fail(sqlite::check_schema(database, *found).error());
  }
  return found->version;
}

}  // namespace

Result<std::unique_ptr<SqliteLedger>> SqliteLedger::create(const std::string& path, Clock& clock,
                                                           SqliteLedgerOptions options) {
  sqlite::OpenParams open = open_params(path, options);
  auto database = open_ready(open, options.access, clock);
  if (!database) return fail(database.error());
  std::optional<Error> refusal;
  if (open.mode == sqlite::OpenMode::read_only) {
    refusal = sqlite::sqlite_error(SQLITE_READONLY, "opened for reading only", path);
  } else {
    open.mode = sqlite::OpenMode::existing;
  }
  open.cache_bytes = options.reader_cache_bytes;
  const sqlite::ReaderPool::Params pool{.open = open, .connections_max = options.readers_max};
  const sqlite::Writer::Params writer{.events_kept = options.events_kept,
                                      .log_bytes_max = options.log_bytes_max,
                                      .refusal = std::move(refusal)};
  return std::make_unique<SqliteLedger>(
      std::make_unique<Parts>(std::move(*database), pool, clock, writer));
}

SqliteLedger::SqliteLedger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
SqliteLedger::~SqliteLedger() = default;

Ledger& SqliteLedger::ledger() { return parts_->ledger; }
LedgerReader& SqliteLedger::reader() { return parts_->reader; }
DedupKeys& SqliteLedger::dedup_keys() { return parts_->reader; }
Registry& SqliteLedger::registry() { return parts_->registry; }
TokenStore& SqliteLedger::tokens() { return parts_->tokens; }
PeopleStore& SqliteLedger::people() { return parts_->people; }
AuditLog& SqliteLedger::audit() { return parts_->audit; }
SecretStore& SqliteLedger::secrets() { return parts_->secrets; }
WebhookStore& SqliteLedger::webhooks() { return parts_->webhooks; }
CollectionStore& SqliteLedger::collections() { return parts_->collections; }
HostTurns& SqliteLedger::host_turns() { return parts_->host_turns; }
AnswerStore& SqliteLedger::answers() { return parts_->answers; }
ArtifactIndex& SqliteLedger::artifacts() { return parts_->artifacts; }
RunStore& SqliteLedger::runs() { return parts_->runs; }
LedgerAdmin& SqliteLedger::admin() { return parts_->admin; }

Result<SqliteMigration> migrate_sqlite_ledger(const std::string& path, Clock& clock,
                                              const SqliteLedgerOptions& options) {
  auto database = Database::open(open_params(path, options), clock);
  if (!database) return fail(database.error());
  const auto from = sqlite::migrate(**database);
  if (!from) return fail(from.error());
  return SqliteMigration{.from = *from, .to = sqlite::schema_version()};
}

Result<SqliteMigration> plan_sqlite_migration(const std::string& path, Clock& clock,
                                              const SqliteLedgerOptions& options) {
  const auto database = open_unready(path, clock, options);
  if (!database) return fail(database.error());
  const auto found = known_version(**database);
  if (!found) return fail(found.error());
  return SqliteMigration{.from = *found, .to = sqlite::schema_version()};
}

Status backup_sqlite_ledger(const std::string& path, const std::string& copy, Clock& clock,
                            const SqliteLedgerOptions& options) {
  const auto database = open_unready(path, clock, options);
  if (!database) return fail(database.error());
  const auto found = known_version(**database);
  if (!found) return fail(found.error());
  if (*found == 0) return refuse_empty(**database);
  return sqlite::back_up(**database, copy, clock);
}

int sqlite_schema_version() { return sqlite::schema_version(); }

}  // namespace waybill
