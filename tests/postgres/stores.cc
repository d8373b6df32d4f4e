#include "tests/postgres/stores.h"

#include <gtest/gtest.h>

#include "adapters/postgres/migrate.h"
#include "tests/postgres/server.h"

namespace waybill::postgres {
namespace {

std::string make_migrated() {
  if (shared_postgres() == nullptr) return "";
  std::string name = shared_postgres()->make_database();
  ServerStores stores(name);
  const auto migrated = migrate(stores.database);
  EXPECT_TRUE(migrated.has_value()) << migrated.error().message;
  return name;
}

}  // namespace

std::string emptied_stores() {
  static const std::string name = make_migrated();
  if (name.empty()) return name;
  shared_postgres()->psql(name,
                          "TRUNCATE waybill.tokens, waybill.sessions, waybill.people, "
                          "waybill.audit, waybill.secrets, waybill.webhook_deliveries, "
                          "waybill.webhooks, waybill.first_answers, waybill.log_chunks, "
                          "waybill.collections, waybill.collection_items, waybill.snapshots, "
                          "waybill.metadata, waybill.host_turns "
                          "RESTART IDENTITY");
  return name;
}

ServerStores::ServerStores(const std::string& database_name, TimeSource source)
    : pool({.connect = {.conninfo = shared_postgres()->url(database_name)}}, clock),
      database(pool),
      tokens(database),
      people(database),
      audit(database),
      secrets(database),
      collections(database),
      time(clock, source),
      host_turns(database, time),
      webhooks(database, source),
      answers(database),
      logs(database) {}

}  // namespace waybill::postgres
