#pragma once

#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "adapters/postgres/timekeeper.h"
#include "ports/webhook_store.h"

namespace waybill::postgres {

/// Holds go by the clock of `source`. With the database's, of what a caller gives as `now` and
/// `until` only the span between them counts: clocks of servers that differ harm no hold.
class PostgresWebhookPort final : public WebhookStore {
 public:
  explicit PostgresWebhookPort(Database& database, TimeSource source = TimeSource::database)
      : database_(database), source_(source) {}

  Result<WebhookPutDone> put(const WebhookPut& put) override;
  Result<std::vector<Webhook>> list() override;
  Status remove(const std::string& name) override;
  Status set_state(const std::string& name, WebhookState state, Time at,
                   const std::string& by) override;
  Result<bool> hold(const std::string& name, const std::string& holder, Time now,
                    Time until) override;
  Status settle(const WebhookSettlement& settlement) override;
  Result<std::vector<WebhookDelivery>> deliveries(const WebhookDeliveryQuery& query) override;
  Result<std::size_t> revive(const std::string& name, Time at) override;

 private:
  Database& database_;
  const TimeSource source_;
};

}  // namespace waybill::postgres
