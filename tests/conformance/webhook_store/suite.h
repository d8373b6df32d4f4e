#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ports/webhook_store.h"

namespace waybill {

/// One implementation under test: `make` gives an empty store. `owner` keeps alive what `store` is
/// a part of.
struct WebhookStoreSubject {
  std::shared_ptr<void> owner;
  WebhookStore* store = nullptr;
};
struct WebhookStoreImplementation {
  std::string name;
  std::function<WebhookStoreSubject()> make;
};

/// What every WebhookStore does: this suite is the definition of the port. Link
/// `waybill_conformance_webhook_store` and instantiate it with a WebhookStoreImplementation.
class WebhookStoreConformance : public testing::TestWithParam<WebhookStoreImplementation> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    ASSERT_NE(subject_.store, nullptr);
  }
  WebhookStore& store() { return *subject_.store; }

  /// All webhooks; the call must succeed.
  std::vector<Webhook> list();
  /// The only one.
  Webhook the_one();
  std::vector<WebhookDelivery> deliveries(const std::string& name);

  WebhookStoreSubject subject_;
};

}  // namespace waybill
