#pragma once

#include <memory>

#include "apps/waybill/cli/command.h"
#include "apps/waybill/runtime/webhooks.h"
#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "services/secret_vault.h"

namespace waybill::cli {

/// What a command on webhooks works with.
struct WebhookWork {
  Store* store = nullptr;
  std::unique_ptr<SecretVault> vault;
  std::unique_ptr<Webhooks> webhooks;
  WebhookDesk& operator*() const { return webhooks->desk(); }
};
Result<WebhookWork> open_webhooks(Session& session, OpenStore mode);

/// `webhook add`: also gives one that is there other settings.
Exit add_webhook(Session& session, const Invocation& invocation);

}  // namespace waybill::cli
