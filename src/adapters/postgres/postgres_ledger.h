#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>

#include "adapters/postgres/timekeeper.h"
#include "base/result.h"
#include "ports/answer_store.h"
#include "ports/artifact_index.h"
#include "ports/audit_log.h"
#include "ports/clock.h"
#include "ports/collection_store.h"
#include "ports/dedup_keys.h"
#include "ports/host_turns.h"
#include "ports/ledger.h"
#include "ports/ledger_admin.h"
#include "ports/ledger_reader.h"
#include "ports/log_store.h"
#include "ports/people_store.h"
#include "ports/registry.h"
#include "ports/run_store.h"
#include "ports/secret_store.h"
#include "ports/token_store.h"
#include "ports/webhook_store.h"

namespace waybill {

enum class PostgresAccess : std::uint8_t {
  write,     ///< makes the ledger where the database has none
  existing,  ///< never makes one: `not_found`
};

struct PostgresLedgerOptions {
  PostgresAccess access = PostgresAccess::write;
  postgres::TimeSource time = postgres::TimeSource::database;
  std::size_t writers = 2;              ///< transactions at a time that change tasks
  std::size_t readers_max = 6;          ///< connections for all else
  std::size_t events_kept = 1'000'000;  ///< newest changes that `events` can still tell
  Duration connect_time_max = std::chrono::seconds(10);
  Duration reconnect_time_max = std::chrono::seconds(15);  ///< that a call waits for a lost server
  std::stop_token hurry{};  ///< asked for when the program has to end: see ConnectParams
};

/// A ledger in the schema `waybill` of a PostgreSQL database (13 or later), which other programs
/// may have open too. The calls of all threads that wait are committed together
/// (docs/adr/0021-layout-of-the-postgresql-ledger.md).
class PostgresLedger {
 public:
  /// Opens the ledger at `conninfo`: a URL (postgres://user@host/database) or key=value pairs as
  /// libpq knows them. Makes it with the newest schema if there is none. `clock` must outlive it.
  /// Errors: `failed_precondition` an older schema (run migrate), or a newer one that this program
  /// cannot work with; `unavailable`, `unauthenticated`, `permission_denied`, `not_found`
  /// (database); each names the place and never a password.
  static Result<std::unique_ptr<PostgresLedger>> create(const std::string& conninfo, Clock& clock,
                                                        const PostgresLedgerOptions& options = {});
  /// For create(), which alone knows the parts.
  struct Parts;
  explicit PostgresLedger(std::unique_ptr<Parts> parts);
  ~PostgresLedger();
  PostgresLedger(const PostgresLedger&) = delete;
  PostgresLedger& operator=(const PostgresLedger&) = delete;

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
  HostTurns& host_turns();
  AnswerStore& answers();
  ArtifactIndex& artifacts();
  RunStore& runs();
  LogStore& logs();
  LedgerAdmin& admin();

 private:
  std::unique_ptr<Parts> parts_;
};

struct PostgresMigration {
  int from = 0;  ///< 0: there was no ledger
  int to = 0;
};
/// Brings the ledger to the newest schema, each step in one transaction, while programs of the
/// version before go on. Safe to repeat. Errors as create.
Result<PostgresMigration> migrate_postgres_ledger(const std::string& conninfo, Clock& clock);
/// What migrate_postgres_ledger would do; changes nothing. `not_found` if there is no ledger.
Result<PostgresMigration> plan_postgres_migration(const std::string& conninfo, Clock& clock);
/// The schema version that this binary reads and writes.
int postgres_schema_version();

}  // namespace waybill
