#pragma once

#include <string>
#include <vector>

#include "adapters/sqlite/reader_pool.h"
#include "adapters/sqlite/writer.h"
#include "ports/webhook_store.h"

namespace waybill::sqlite {

class SqliteWebhookPort final : public WebhookStore {
 public:
  SqliteWebhookPort(Writer& writer, ReaderPool& readers) : writer_(writer), readers_(readers) {}

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
  Writer& writer_;
  ReaderPool& readers_;
};

}  // namespace waybill::sqlite
