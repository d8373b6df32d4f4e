#include "adapters/postgres/webhook_store.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "adapters/postgres/plain_text.h"
#include "adapters/postgres/row_times.h"
#include "adapters/postgres/store_lock.h"
#include "base/json.h"
#include "core/webhook_json.h"

namespace waybill::postgres {
namespace {

/// One that cannot be read is shown, told nothing, and can be removed.
Webhook damaged_webhook(std::string_view name) {
  Webhook hook{.settings = {.name = std::string(name)}, .id = {}, .state = WebhookState::paused};
  hook.health.error = "what is kept of it is damaged; remove it and add it again";
  return hook;
}

Webhook webhook_of(const Rows& rows, int row) {
  const std::string name(rows.text(row, 0));
  const std::int64_t state = rows.integer(row, 3);
  const auto text = json::parse(rows.text(row, 2));
  if (state < 0 || state >= kWebhookStateCount || !text || !text->is_object()) {
    return damaged_webhook(name);
  }
  auto settings = read_webhook_settings(name, text->get_object());
  if (!settings) return damaged_webhook(name);
  return {.settings = std::move(*settings),
          .id = rows.uuid(row, 1),
          .state = static_cast<WebhookState>(state),
          .health = {.sequence = static_cast<std::uint64_t>(rows.integer(row, 4)),
                     .failures = rows.integer(row, 5),
                     .wait_until = from_micros(rows.integer(row, 6)),
                     .succeeded_at = from_micros(rows.integer(row, 7)),
                     .failed_at = from_micros(rows.integer(row, 8)),
                     .status = static_cast<int>(rows.integer(row, 9)),
                     .error = std::string(rows.text(row, 10)),
                     .gaps = rows.integer(row, 11)},
          .created_at = from_micros(rows.integer(row, 12)),
          .changed_at = from_micros(rows.integer(row, 13)),
          .changed_by = std::string(rows.text(row, 14))};
}

WebhookDelivery delivery_of(const Rows& rows, int row) {
  return {.sequence = static_cast<std::uint64_t>(rows.integer(row, 0)),
          .body = std::string(rows.text(row, 1)),
          .attempts = rows.integer(row, 2),
          .next_at = time_of(rows, row, 3),
          .given_up = rows.is_null(row, 3),
          .status = static_cast<int>(rows.integer(row, 4)),
          .error = std::string(rows.text(row, 5))};
}

tl::unexpected<Error> no_webhook(const std::string& name) {
  return fail(Code::not_found, "there is no webhook \"" + name + "\"");
}

/// None if there is no such webhook; empty if it cannot be read. It is locked then.
Result<std::optional<std::string>> url_before(Connection& connection, const std::string& name) {
  const auto rows = connection.run(Sql::webhook_settings, Params().text(name), {});
  if (!rows) return fail(rows.error());
  if (rows->empty()) return std::optional<std::string>();
  const auto text = json::parse(rows->text(0, 0));
  if (!text || !text->is_object()) return std::optional<std::string>("");
  const auto settings = read_webhook_settings(name, text->get_object());
  return std::optional<std::string>(settings ? settings->url : "");
}

/// Of the webhook row alone.
Params params_of(const WebhookSettlement& settlement) {
  const WebhookHealth& health = settlement.health;
  Params params;
  params.text(settlement.name).uuid(settlement.id).text(settlement.holder);
  params.boolean(settlement.gone).integer(static_cast<std::int64_t>(health.sequence));
  params.integer(health.failures).integer(to_micros(health.wait_until));
  params.integer(to_micros(health.succeeded_at)).integer(to_micros(health.failed_at));
  params.integer(health.status).text(plain_text(health.error)).integer(health.gaps);
  params.integer(to_micros(settlement.changed_at));
  return params;
}

Params params_of(const std::string& name, std::span<const WebhookDelivery> deliveries) {
  Array sequences(Array::Of::integers);
  Array bodies(Array::Of::bytes);
  Array attempts(Array::Of::integers);
  Array times(Array::Of::integers);
  Array statuses(Array::Of::integers);
  Array errors(Array::Of::texts);
  for (const WebhookDelivery& delivery : deliveries) {
    sequences.add(static_cast<std::int64_t>(delivery.sequence));
    bodies.add(delivery.body);
    attempts.add(delivery.attempts);
    if (delivery.given_up) {
      times.add_null();
    } else {
      times.add(to_micros(delivery.next_at));
    }
    statuses.add(delivery.status);
    errors.add(plain_text(delivery.error));
  }
  Params params;
  params.text(name).array(std::move(sequences)).array(std::move(bodies));
  params.array(std::move(attempts)).array(std::move(times)).array(std::move(statuses));
  params.array(std::move(errors));
  return params;
}

Params params_of(const std::string& name, std::span<const std::uint64_t> delivered) {
  Array sequences(Array::Of::integers);
  for (const std::uint64_t sequence : delivered) {
    sequences.add(static_cast<std::int64_t>(sequence));
  }
  return Params().text(name).array(std::move(sequences));
}

/// What is to be done about the deliveries, once the webhook is settled and locked by that.
std::vector<Call> calls_of(const WebhookSettlement& settlement) {
  std::vector<Call> calls;
  if (!settlement.failed.empty()) {
    calls.push_back({Sql::put_webhook_deliveries, params_of(settlement.name, settlement.failed)});
  }
  if (!settlement.delivered.empty()) {
    calls.push_back(
        {Sql::remove_webhook_deliveries, params_of(settlement.name, settlement.delivered)});
  }
  if (std::ranges::any_of(settlement.failed, &WebhookDelivery::given_up)) {
    calls.push_back(
        {Sql::trim_webhook_deliveries,
         Params().text(settlement.name).integer(static_cast<std::int64_t>(kWebhookGivenUpMax))});
  }
  return calls;
}

}  // namespace

Result<WebhookPutDone> PostgresWebhookPort::put(const WebhookPut& put) {
  if (Status fits = check_webhook(put.settings); !fits) return fail(fits.error());
  WebhookPutDone done = WebhookPutDone::made;
  const Status written = database_.transaction([&](Connection& connection) -> Status {
    if (Status locked = lock_store(connection, StoreLock::webhooks); !locked) return locked;
    const auto before = url_before(connection, put.settings.name);
    if (!before) return fail(before.error());
    done = *before ? WebhookPutDone::replaced : WebhookPutDone::made;
    if (!*before) {
      const auto count = connection.run(Sql::count_webhooks, {}, {});
      if (!count) return fail(count.error());
      if (count->integer(0, 0) >= static_cast<std::int64_t>(kWebhooksMax)) {
        return too_many_webhooks();
      }
    }
    Params params;
    params.text(put.settings.name).uuid(put.id);
    params.text(json::serialize(webhook_settings_to_json(put.settings)));
    params.integer(static_cast<std::int64_t>(put.sequence)).integer(to_micros(put.at));
    params.text(put.by).boolean(*before && **before != put.settings.url);
    const auto inserted = connection.run(Sql::put_webhook, params, {});
    if (!inserted) return fail(inserted.error());
    return {};
  });
  if (!written) return fail(written.error());
  return done;
}

Result<std::vector<Webhook>> PostgresWebhookPort::list() {
  const auto rows = database_.read(Sql::webhooks);
  if (!rows) return fail(rows.error());
  std::vector<Webhook> hooks;
  for (int row = 0; row < rows->size(); ++row) hooks.push_back(webhook_of(*rows, row));
  return hooks;
}

Status PostgresWebhookPort::remove(const std::string& name) {
  const auto removed = database_.write(Sql::remove_webhook, Params().text(name));
  if (!removed) return fail(removed.error());
  return removed->affected() > 0 ? Status{} : Status{no_webhook(name)};
}

Status PostgresWebhookPort::set_state(const std::string& name, WebhookState state, Time at,
                                      const std::string& by) {
  Params params;
  params.text(name).integer(static_cast<std::int64_t>(state)).integer(to_micros(at)).text(by);
  const auto set = database_.write(Sql::set_webhook_state, params);
  if (!set) return fail(set.error());
  return set->affected() > 0 ? Status{} : Status{no_webhook(name)};
}

Result<bool> PostgresWebhookPort::hold(const std::string& name, const std::string& holder, Time now,
                                       Time until) {
  Params params;
  params.text(name).text(holder);
  if (source_ == TimeSource::database) {
    params.null_integer();
  } else {
    params.integer(to_micros(now));
  }
  params.integer(to_micros(until) - to_micros(now));
  const auto held = database_.write(Sql::hold_webhook, params);
  if (!held) return fail(held.error());
  return held->affected() > 0;
}

Status PostgresWebhookPort::settle(const WebhookSettlement& settlement) {
  const Params params = params_of(settlement);
  const std::vector<Call> rest = calls_of(settlement);
  return database_.transaction([&](Connection& connection) -> Status {
    const auto settled = connection.run(Sql::settle_webhook, params, {});
    if (!settled) return fail(settled.error());
    if (settled->affected() == 0) {
      return fail(Code::aborted, "webhook \"" + settlement.name +
                                     "\" is told by another server, or is another one by now");
    }
    if (rest.empty()) return {};
    const auto done = connection.run_all(rest, {});
    if (!done) return fail(done.error());
    return {};
  });
}

Result<std::vector<WebhookDelivery>> PostgresWebhookPort::deliveries(
    const WebhookDeliveryQuery& query) {
  const std::int64_t bound =
      query.due_at ? to_micros(*query.due_at) : static_cast<std::int64_t>(query.after);
  Params params;
  params.text(query.name).integer(bound).integer(static_cast<std::int64_t>(query.limit));
  const auto rows =
      database_.read(query.due_at ? Sql::webhook_deliveries_due : Sql::webhook_deliveries, params);
  if (!rows) return fail(rows.error());
  std::vector<WebhookDelivery> deliveries;
  for (int row = 0; row < rows->size(); ++row) deliveries.push_back(delivery_of(*rows, row));
  return deliveries;
}

Result<std::size_t> PostgresWebhookPort::revive(const std::string& name, Time at) {
  const auto revived =
      database_.write(Sql::revive_webhook_deliveries, Params().text(name).integer(to_micros(at)));
  if (!revived) return fail(revived.error());
  return static_cast<std::size_t>(revived->affected());
}

}  // namespace waybill::postgres
