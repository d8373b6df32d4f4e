#include "adapters/postgres/postgres_ledger.h"

#include <algorithm>
#include <utility>

#include "adapters/postgres/admin.h"
#include "adapters/postgres/answer_store.h"
#include "adapters/postgres/artifact_index.h"
#include "adapters/postgres/audit_log.h"
#include "adapters/postgres/collection_store.h"
#include "adapters/postgres/database.h"
#include "adapters/postgres/host_turns.h"
#include "adapters/postgres/ledger.h"
#include "adapters/postgres/log_store.h"
#include "adapters/postgres/migrate.h"
#include "adapters/postgres/news.h"
#include "adapters/postgres/people_store.h"
#include "adapters/postgres/reader.h"
#include "adapters/postgres/registry.h"
#include "adapters/postgres/run_store.h"
#include "adapters/postgres/secret_store.h"
#include "adapters/postgres/token_store.h"
#include "adapters/postgres/webhook_store.h"
#include "adapters/postgres/writer.h"
#include "ports/bell.h"

namespace waybill {

using postgres::Database;
using postgres::Pool;

struct PostgresLedger::Parts {
  Parts(const Pool::Params& writers, const Pool::Params& readers, Clock& clock,
        const PostgresLedgerOptions& options)
      : time(clock, options.time),
        write_pool(writers, clock),
        read_pool(readers, clock),
        write_database(write_pool),
        database(read_pool),
        lanes(database),
        news(database, bell),
        writer({.writers = options.writers, .events_kept = options.events_kept}, write_database,
               lanes, time, {.here = bell, .elsewhere = news}),
        ledger(writer, database, lanes, time),
        reader(database, lanes, bell, news),
        registry(database, time),
        tokens(database),
        people(database),
        audit(database),
        secrets(database),
        webhooks(database, options.time),
        collections(database),
        host_turns(database, time),
        answers(database),
        artifacts(database),
        runs({.writer = writer, .database = database, .lanes = lanes, .time = time}, options.time),
        logs(database),
        admin(database, lanes) {}

  Bell bell;
  postgres::Timekeeper time;
  // Apart, so that those who look never wait for those who write. A writer may need a second
  // connection while it has one.
  Pool write_pool;
  Pool read_pool;
  Database write_database;
  Database database;
  postgres::LaneTable lanes;
  postgres::News news;
  postgres::Writer writer;
  postgres::PostgresLedgerPort ledger;
  postgres::PostgresReaderPort reader;
  postgres::PostgresRegistryPort registry;
  postgres::PostgresTokenPort tokens;
  postgres::PostgresPeoplePort people;
  postgres::PostgresAuditPort audit;
  postgres::PostgresSecretPort secrets;
  postgres::PostgresWebhookPort webhooks;
  postgres::PostgresCollectionPort collections;
  postgres::PostgresHostTurnsPort host_turns;
  postgres::PostgresAnswerPort answers;
  postgres::PostgresArtifactPort artifacts;
  postgres::PostgresRunPort runs;
  postgres::PostgresLogStore logs;
  postgres::PostgresAdminPort admin;
};

namespace {

Pool::Params pool_params(const std::string& conninfo, std::size_t connections,
                         const PostgresLedgerOptions& options) {
  return {.connect = {.conninfo = conninfo,
                      .connect_time_max = options.connect_time_max,
                      .hurry = options.hurry},
          .connections_max = connections,
          .reconnect_time_max = options.reconnect_time_max};
}

/// A pool for a program that is there for one command: it fails at once.
Pool::Params impatient(const std::string& conninfo) {
  return {.connect = {.conninfo = conninfo}, .reconnect_time_max = {}};
}

Result<postgres::SchemaVersion> find_version(Database& database, std::string& place) {
  postgres::SchemaVersion found;
  const Status read = database.snapshot([&](postgres::Connection& connection) -> Status {
    place = connection.place();
    const auto version = postgres::read_schema_version(connection);
    if (!version) return fail(version.error());
    found = *version;
    return {};
  });
  if (!read) return fail(read.error());
  return found;
}

Error no_ledger(const std::string& place) {
  return {.code = Code::not_found,
          .message = "there is no ledger in " + place +
                     "; make one with `waybill up`, `waybill serve` or `waybill task create`"};
}

/// Makes the ledger where it may and must be made, and learns the server's time.
Status make_ready(Database& database, postgres::Timekeeper& time, PostgresAccess access) {
  std::string place;
  auto found = find_version(database, place);
  if (!found) return fail(found.error());
  if (found->version == 0) {
    if (access == PostgresAccess::existing) return fail(no_ledger(place));
    if (const auto made = postgres::migrate(database); !made) return fail(made.error());
  } else if (Status right = postgres::check_schema(*found, place); !right) {
    return right;
  }
  const SteadyTime asked = time.steady_now();
  const auto now = database.read(postgres::Sql::server_time);
  if (!now) return fail(now.error());
  time.learn(from_micros(now->integer(0, 0)), asked);
  return {};
}

}  // namespace

Result<std::unique_ptr<PostgresLedger>> PostgresLedger::create(
    const std::string& conninfo, Clock& clock, const PostgresLedgerOptions& options) {
  auto parts =
      std::make_unique<Parts>(pool_params(conninfo, 2 * options.writers + 1, options),
                              pool_params(conninfo, options.readers_max, options), clock, options);
  Pool pool(impatient(conninfo), clock);
  Database database(pool);
  if (Status ready = make_ready(database, parts->time, options.access); !ready) {
    return fail(ready.error());
  }
  return std::make_unique<PostgresLedger>(std::move(parts));
}

PostgresLedger::PostgresLedger(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
PostgresLedger::~PostgresLedger() = default;

Ledger& PostgresLedger::ledger() { return parts_->ledger; }
LedgerReader& PostgresLedger::reader() { return parts_->reader; }
DedupKeys& PostgresLedger::dedup_keys() { return parts_->reader; }
Registry& PostgresLedger::registry() { return parts_->registry; }
TokenStore& PostgresLedger::tokens() { return parts_->tokens; }
PeopleStore& PostgresLedger::people() { return parts_->people; }
AuditLog& PostgresLedger::audit() { return parts_->audit; }
SecretStore& PostgresLedger::secrets() { return parts_->secrets; }
WebhookStore& PostgresLedger::webhooks() { return parts_->webhooks; }
CollectionStore& PostgresLedger::collections() { return parts_->collections; }
HostTurns& PostgresLedger::host_turns() { return parts_->host_turns; }
AnswerStore& PostgresLedger::answers() { return parts_->answers; }
ArtifactIndex& PostgresLedger::artifacts() { return parts_->artifacts; }
RunStore& PostgresLedger::runs() { return parts_->runs; }
LogStore& PostgresLedger::logs() { return parts_->logs; }
LedgerAdmin& PostgresLedger::admin() { return parts_->admin; }

Result<PostgresMigration> migrate_postgres_ledger(const std::string& conninfo, Clock& clock) {
  Pool pool(impatient(conninfo), clock);
  Database database(pool);
  const auto from = postgres::migrate(database);
  if (!from) return fail(from.error());
  return PostgresMigration{.from = *from, .to = std::max(*from, postgres::schema_version())};
}

Result<PostgresMigration> plan_postgres_migration(const std::string& conninfo, Clock& clock) {
  Pool pool(impatient(conninfo), clock);
  Database database(pool);
  std::string place;
  const auto found = find_version(database, place);
  if (!found) return fail(found.error());
  if (found->version == 0) return fail(no_ledger(place));
  return PostgresMigration{.from = found->version,
                           .to = std::max(found->version, postgres::schema_version())};
}

int postgres_schema_version() { return postgres::schema_version(); }

}  // namespace waybill
