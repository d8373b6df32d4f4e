#include "apps/waybill/runtime/webhooks.h"

#include <utility>

#include "apps/waybill/runtime/runs.h"

namespace waybill::cli {
namespace {

/// A slow address holds up a quarter of the others.
constexpr std::size_t kLanes = 4;

}  // namespace

Result<std::unique_ptr<Webhooks>> Webhooks::create(Session& session, Store& store,
                                                   SecretSource& secrets) {
  auto http = open_guarded_http(session);
  if (!http) return fail(http.error());
  return std::make_unique<Webhooks>(
      session, store, secrets,
      Parts{.http = std::move(http->client), .networks = std::move(http->networks)});
}

Webhooks::Webhooks(Session& session, Store& store, SecretSource& secrets, Parts parts)
    : clock_(session.clock()),
      http_(std::move(parts.http)),
      post_(*http_, secrets, session.clock()),
      rng_(session.rng().fork()),
      desk_({.store = store.beside().webhooks,
             .reader = store.reader(),
             .post = post_,
             .clock = session.clock(),
             .new_id = [this] { return new_id(); }},
            std::move(parts.networks)) {
  const std::string holder = to_string(new_id());
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    senders_.push_back(std::make_unique<WebhookSender>(
        WebhookSender::Ports{.store = store.beside().webhooks,
                             .reader = store.reader(),
                             .post = post_,
                             .clock = session.clock(),
                             .chance = [this] { return chance(); }},
        WebhookSenderParams{.holder = holder, .lane = lane, .lanes = kLanes}));
  }
}

void Webhooks::tell_counts(std::vector<MetricSample>& samples) const {
  WebhookCounts all;
  for (const auto& sender : senders_) {
    const WebhookCounts counts = sender->counts();
    all.delivered += counts.delivered;
    all.failed += counts.failed;
    all.given_up += counts.given_up;
  }
  samples.push_back(counter_of("waybill_webhook_delivered_total", all.delivered,
                               "Messages that webhooks have taken."));
  samples.push_back(
      counter_of("waybill_webhook_failed_total", all.failed, "Attempts that came to nothing."));
  samples.push_back(counter_of("waybill_webhook_given_up_total", all.given_up,
                               "Messages that are sent no more."));
}

Uuid Webhooks::new_id() {
  const Lock lock(mutex_);
  return ids_.next(clock_.now());
}

double Webhooks::chance() {
  const Lock lock(mutex_);
  return rng_.unit();
}

}  // namespace waybill::cli
