#pragma once

#include <memory>
#include <vector>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "base/mutex.h"
#include "base/rng.h"
#include "base/uuid.h"
#include "core/metrics_text.h"
#include "ports/http_client.h"
#include "ports/secret_source.h"
#include "services/webhook_desk.h"
#include "services/webhook_post.h"
#include "services/webhook_sender.h"

namespace waybill::cli {

/// Webhooks with all that they need: an HTTP client that connects only where they may, what people
/// do with them, and, for a server, what sends. Thread-safe.
class Webhooks {
 public:
  /// Session, store and secrets outlive it. Errors: those of setting up the HTTP client.
  static Result<std::unique_ptr<Webhooks>> create(Session& session, Store& store,
                                                  SecretSource& secrets);
  struct Parts {
    std::unique_ptr<HttpClient> http;
    std::vector<IpNetwork> networks;
  };
  Webhooks(Session& session, Store& store, SecretSource& secrets, Parts parts);

  WebhookDesk& desk() { return desk_; }
  /// What was sent so far, as metrics.
  void tell_counts(std::vector<MetricSample>& samples) const;
  /// To be run, each on a thread of its own.
  std::vector<std::unique_ptr<WebhookSender>>& senders() { return senders_; }

 private:
  Uuid new_id();
  double chance();

  Clock& clock_;
  const std::unique_ptr<HttpClient> http_;
  WebhookPost post_;
  Mutex mutex_;
  Rng rng_ GUARDED_BY(mutex_);
  UuidMaker ids_ GUARDED_BY(mutex_){rng_};
  WebhookDesk desk_;
  std::vector<std::unique_ptr<WebhookSender>> senders_;
};

}  // namespace waybill::cli
