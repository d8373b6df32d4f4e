#pragma once

#include <string>
#include <vector>

#include "adapters/local/system_clock.h"
#include "adapters/postgres/answer_store.h"
#include "adapters/postgres/audit_log.h"
#include "adapters/postgres/collection_store.h"
#include "adapters/postgres/database.h"
#include "adapters/postgres/host_turns.h"
#include "adapters/postgres/log_store.h"
#include "adapters/postgres/people_store.h"
#include "adapters/postgres/secret_store.h"
#include "adapters/postgres/token_store.h"
#include "adapters/postgres/webhook_store.h"

namespace waybill::postgres {

/// The database of this program's cases, migrated; its stores are emptied. Empty name: PostgreSQL
/// is not installed.
std::string emptied_stores();

/// What one server keeps beside the tasks, over connections of its own.
struct ServerStores {
  explicit ServerStores(const std::string& database_name, TimeSource source = TimeSource::database);

  SystemClock clock;
  Pool pool;
  Database database;
  PostgresTokenPort tokens;
  PostgresPeoplePort people;
  PostgresAuditPort audit;
  PostgresSecretPort secrets;
  PostgresCollectionPort collections;
  Timekeeper time;
  PostgresHostTurnsPort host_turns;
  PostgresWebhookPort webhooks;
  PostgresAnswerPort answers;
  PostgresLogStore logs;
};

}  // namespace waybill::postgres
