#include "testing/fake_webhook_store.h"

#include <algorithm>

namespace waybill {
namespace {

tl::unexpected<Error> no_webhook(const std::string& name) {
  return fail(Code::not_found, "there is no webhook \"" + name + "\"");
}

void trim(std::map<std::uint64_t, WebhookDelivery>& deliveries) {
  std::size_t kept = 0;
  for (auto at = deliveries.end(); at != deliveries.begin();) {
    --at;
    if (!at->second.given_up || ++kept <= kWebhookGivenUpMax) continue;
    at = deliveries.erase(at);
  }
}

}  // namespace

Result<WebhookPutDone> FakeWebhookStore::put(const WebhookPut& put) {
  if (Status fits = check_webhook(put.settings); !fits) return fail(fits.error());
  const Lock lock(mutex_);
  const auto found = rows_.find(put.settings.name);
  if (found == rows_.end()) {
    if (rows_.size() >= kWebhooksMax) return too_many_webhooks();
    Webhook hook{.settings = put.settings, .id = put.id};
    hook.health.sequence = put.sequence;
    hook.created_at = hook.changed_at = put.at;
    hook.changed_by = put.by;
    rows_.emplace(put.settings.name, Row{.webhook = std::move(hook)});
    return WebhookPutDone::made;
  }
  Webhook& hook = found->second.webhook;
  if (hook.settings.url != put.settings.url) {
    if (hook.state == WebhookState::gone) hook.state = WebhookState::active;
    hook.health.failures = 0;
    hook.health.wait_until = {};
  }
  hook.settings = put.settings;
  hook.changed_at = std::max(put.at, hook.created_at);
  hook.changed_by = put.by;
  return WebhookPutDone::replaced;
}

Result<std::vector<Webhook>> FakeWebhookStore::list() {
  std::vector<Webhook> hooks;
  const Lock lock(mutex_);
  for (const auto& [name, row] : rows_) hooks.push_back(row.webhook);
  return hooks;
}

Status FakeWebhookStore::remove(const std::string& name) {
  const Lock lock(mutex_);
  if (rows_.erase(name) == 0) return no_webhook(name);
  return {};
}

Status FakeWebhookStore::set_state(const std::string& name, WebhookState state, Time at,
                                   const std::string& by) {
  const Lock lock(mutex_);
  const auto found = rows_.find(name);
  if (found == rows_.end()) return no_webhook(name);
  Webhook& hook = found->second.webhook;
  hook.state = state;
  hook.changed_at = std::max(at, hook.created_at);
  hook.changed_by = by;
  if (state == WebhookState::active) {
    hook.health.failures = 0;
    hook.health.wait_until = {};
  }
  return {};
}

Result<bool> FakeWebhookStore::hold(const std::string& name, const std::string& holder, Time now,
                                    Time until) {
  const Lock lock(mutex_);
  const auto found = rows_.find(name);
  if (found == rows_.end()) return false;
  Row& row = found->second;
  const bool by_wrong_clock = until > now && row.held_until > until;
  if (row.holder != holder && row.held_until > now && !by_wrong_clock) return false;
  row.holder = holder;
  row.held_until = until;
  return true;
}

Status FakeWebhookStore::settle(const WebhookSettlement& settlement) {
  const Lock lock(mutex_);
  const auto found = rows_.find(settlement.name);
  if (found == rows_.end() || found->second.webhook.id != settlement.id ||
      found->second.holder != settlement.holder) {
    return fail(Code::aborted, "webhook \"" + settlement.name +
                                   "\" is told by another server, or is another one by now");
  }
  Row& row = found->second;
  row.webhook.health = settlement.health;
  if (settlement.gone && row.webhook.changed_at == settlement.changed_at)
    row.webhook.state = WebhookState::gone;
  for (const WebhookDelivery& delivery : settlement.failed) {
    const auto [place, made] = row.deliveries.try_emplace(delivery.sequence, delivery);
    if (made) continue;
    const std::string body = std::move(place->second.body);
    place->second = delivery;
    place->second.body = body;
  }
  for (const std::uint64_t sequence : settlement.delivered) row.deliveries.erase(sequence);
  trim(row.deliveries);
  return {};
}

Result<std::vector<WebhookDelivery>> FakeWebhookStore::deliveries(
    const WebhookDeliveryQuery& query) {
  std::vector<WebhookDelivery> found;
  const Lock lock(mutex_);
  const auto row = rows_.find(query.name);
  if (row == rows_.end()) return found;
  for (const auto& [sequence, delivery] : row->second.deliveries) {
    const bool is_due = query.due_at && !delivery.given_up && delivery.next_at <= *query.due_at;
    if (query.due_at ? !is_due : sequence <= query.after) continue;
    found.push_back(delivery);
    if (!query.due_at) found.back().body.clear();
  }
  if (query.due_at) std::ranges::stable_sort(found, {}, &WebhookDelivery::next_at);
  if (found.size() > query.limit) found.resize(query.limit);
  return found;
}

Result<std::size_t> FakeWebhookStore::revive(const std::string& name, Time at) {
  std::size_t count = 0;
  const Lock lock(mutex_);
  const auto row = rows_.find(name);
  if (row == rows_.end()) return count;
  for (auto& [sequence, delivery] : row->second.deliveries) {
    if (!delivery.given_up) continue;
    delivery.given_up = false;
    delivery.next_at = at;
    delivery.attempts = 1;
    ++count;
  }
  return count;
}

}  // namespace waybill
