#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ports/webhook_store.h"

namespace waybill {

/// The webhooks in memory. Thread-safe.
class FakeWebhookStore final : public WebhookStore {
 public:
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
  struct Row {
    Webhook webhook;
    std::string holder{};
    Time held_until{};
    std::map<std::uint64_t, WebhookDelivery> deliveries{};  // by sequence
  };
  Mutex mutex_;
  std::map<std::string, Row> rows_ GUARDED_BY(mutex_);
};

}  // namespace waybill
