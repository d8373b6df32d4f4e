#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "ports/answer_store.h"
#include "ports/artifact_index.h"
#include "ports/audit_log.h"
#include "ports/chronicle.h"
#include "ports/clock.h"
#include "ports/collection_store.h"
#include "ports/dedup_keys.h"
#include "ports/host_turns.h"
#include "ports/ledger.h"
#include "ports/ledger_admin.h"
#include "ports/ledger_reader.h"
#include "ports/people_store.h"
#include "ports/registry.h"
#include "ports/run_store.h"
#include "ports/secret_store.h"
#include "ports/token_store.h"
#include "ports/webhook_store.h"

namespace waybill {

enum class SqliteAccess : std::uint8_t {
  write,     ///< makes the ledger where it is missing or empty
  existing,  ///< never makes one: `not_found`, or `failed_precondition` for an empty file
  read,      ///< as existing, also where this user may only read: then every write is
             ///< `failed_precondition`
};

struct SqliteLedgerOptions {
  SqliteAccess access = SqliteAccess::write;
  std::size_t cache_bytes = 48u << 20;        ///< page cache of the writer
  std::size_t reader_cache_bytes = 4u << 20;  ///< page cache of each reader
  std::size_t readers_max = 4;                ///< connections for readers
  std::size_t log_bytes_max = 64u << 20;      ///< write-ahead log at which it is written back
  std::size_t events_kept = 1'000'000;        ///< newest changes that `events` can still tell
  Duration busy_wait_max = std::chrono::seconds(30);  ///< for another process that writes
  std::string vfs;                                    ///< SQLite VFS by name; empty: the system's
};

/// A ledger in one SQLite file (WAL, synchronous=FULL). Several processes may have it open. The
/// calls of all threads that wait are committed in one transaction
/// (docs/adr/0001-sqlite-as-the-embedded-ledger.md).
class SqliteLedger {
 public:
  /// Opens `path`, or makes it with the newest schema if it is missing or empty. `clock` must
  /// outlive the ledger. Errors: `invalid_argument` not a ledger; `failed_precondition` another
  /// schema version (older: run migrate; newer: use a newer waybill); `permission_denied`,
  /// `not_found` (directory), `resource_exhausted`, `data_loss`; each names the path.
  static Result<std::unique_ptr<SqliteLedger>> create(const std::string& path, Clock& clock,
                                                      SqliteLedgerOptions options = {});
  /// For create(), which alone knows the parts.
  struct Parts;
  explicit SqliteLedger(std::unique_ptr<Parts> parts);
  ~SqliteLedger();
  SqliteLedger(const SqliteLedger&) = delete;
  SqliteLedger& operator=(const SqliteLedger&) = delete;

  Ledger& ledger();
  LedgerReader& reader();
  DedupKeys& dedup_keys();
  Registry& registry();
  TokenStore& tokens();
  PeopleStore& people();
  AuditLog& audit();
  SecretStore& secrets();
  WebhookStore& webhooks();
  CollectionStore& collections();
  Chronicle& chronicle();
  HostTurns& host_turns();
  AnswerStore& answers();
  ArtifactIndex& artifacts();
  RunStore& runs();
  LedgerAdmin& admin();

 private:
  std::unique_ptr<Parts> parts_;
};

struct SqliteMigration {
  int from = 0;  ///< 0: the file was new
  int to = 0;
};
/// Brings `path` to the newest schema, each step in one transaction. Safe to repeat. Errors as
/// create.
Result<SqliteMigration> migrate_sqlite_ledger(const std::string& path, Clock& clock,
                                              const SqliteLedgerOptions& options = {});
/// What migrate_sqlite_ledger would do; changes nothing. `not_found` if there is no file.
Result<SqliteMigration> plan_sqlite_migration(const std::string& path, Clock& clock,
                                              const SqliteLedgerOptions& options = {});
/// As LedgerAdmin::backup, also for a ledger of an older schema, which should be copied before it
/// is migrated. Errors as create.
Status backup_sqlite_ledger(const std::string& path, const std::string& copy, Clock& clock,
                            const SqliteLedgerOptions& options = {});
/// The schema version that this binary reads and writes.
int sqlite_schema_version();

}  // namespace waybill
