#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/waybill/session.h"
#include "apps/waybill/store.h"
#include "base/rng.h"
#include "core/ip_network.h"
#include "ports/http_client.h"
#include "services/pipeliner.h"
#include "services/service_loop.h"
#include "services/url_waits.h"

namespace waybill::cli {

/// A client that connects only where webhooks may, and where those networks are that it was given.
struct GuardedHttp {
  std::unique_ptr<HttpClient> client;
  std::vector<IpNetwork> networks;
};
Result<GuardedHttp> open_guarded_http(Session& session);

/// Carries runs of pipelines on, from construction to destruction.
class Runs {
 public:
  /// Session and store outlive it.
  Runs(Session& session, Store& store, std::unique_ptr<HttpClient> http);
  ~Runs();
  Runs(const Runs&) = delete;
  Runs& operator=(const Runs&) = delete;

  RunsAtRest at_rest() const { return pipeliner_.at_rest(); }

 private:
  const std::unique_ptr<HttpClient> http_;
  UrlWaits urls_;
  Rng rng_;
  Pipeliner pipeliner_;
  std::unique_ptr<ServiceLoop> asking_;
  std::unique_ptr<ServiceLoop> carrying_;
};

}  // namespace waybill::cli
