#include "apps/waybill/runtime/runs.h"

#include <utility>

#include "adapters/curl/http_client.h"
#include "apps/waybill/environment.h"
#include "base/uuid.h"
#include "core/webhook_address.h"

namespace waybill::cli {
namespace {

/// Of an answer, of which only the status counts.
constexpr std::size_t kGuardedBytesMax = 1 << 20;
/// An answer to a question of a run takes 10 s at most.
constexpr Duration kAskingMax = std::chrono::seconds(15);

std::string new_holder(Session& session) {
  return to_string(UuidMaker(session.rng()).next(session.clock().now()));
}

}  // namespace

Result<GuardedHttp> open_guarded_http(Session& session) {
  GuardedHttp opened;
  for (const std::string& text : session.config().webhook_networks) {
    auto network = parse_ip_network(text);
    if (!network) return fail(with_context(network.error(), "--webhook-networks"));
    opened.networks.push_back(*network);
  }
  CurlHttpClientParams params = curl_params(process_environment());
  params.body_bytes_max = kGuardedBytesMax;
  params.may_connect = [networks = opened.networks](std::string_view url,
                                                    const IpAddress& address) {
    return webhook_may_reach(networks, url, address);
  };
  auto http = CurlHttpClient::create(session.clock(), std::move(params));
  if (!http) return fail(http.error());
  opened.client = std::move(*http);
  return opened;
}

Runs::Runs(Session& session, Store& store, std::unique_ptr<HttpClient> http)
    : http_(std::move(http)),
      urls_(*http_, session.clock()),
      rng_(session.rng().fork()),
      pipeliner_({.store = store.beside().runs,
                  .ledger = parts_of(store),
                  .urls = urls_,
                  .clock = session.clock(),
                  .chance = [this] { return rng_.unit(); },
                  .artifacts = &store.beside().artifacts},
                 {.holder = new_holder(session), .keep = session.config().run_keep}) {
  const auto loop = [&](Service& service, Duration step_max) {
    return std::make_unique<ServiceLoop>(
        service, session.clock(),
        ServiceLoopParams{.step_max = step_max, .seed = session.rng().next()});
  };
  asking_ = loop(urls_, kAskingMax);
  carrying_ = loop(pipeliner_, ServiceLoopParams{}.step_max);
}

Runs::~Runs() {
  asking_->request_stop();
  carrying_->stop();
  asking_->stop();
  pipeliner_.release();
}

}  // namespace waybill::cli
