#include "adapters/sqlite/webhook_store.h"

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/json.h"
#include "core/task_record.h"
#include "core/webhook_json.h"

namespace waybill::sqlite {
namespace {

/// One that cannot be read is shown, told nothing, and can be removed.
Webhook damaged_webhook(std::string_view name) {
  Webhook hook{.settings = {.name = std::string(name)}, .id = {}, .state = WebhookState::paused};
  hook.health.error = "what is kept of it is damaged; remove it and add it again";
  return hook;
}

Webhook webhook_of(Statement& row) {
  const std::string name(row.text(0));
  const std::string_view id = row.blob(1);
  const std::int64_t state = row.integer(3);
  const auto text = json::parse(row.text(2));
  if (id.size() != Uuid{}.bytes.size() || state < 0 || state >= kWebhookStateCount || !text ||
      !text->is_object()) {
    return damaged_webhook(name);
  }
  auto settings = read_webhook_settings(name, text->get_object());
  if (!settings) return damaged_webhook(name);
  return {.settings = std::move(*settings),
          .id = to_uuid(id),
          .state = static_cast<WebhookState>(state),
          .health = {.sequence = static_cast<std::uint64_t>(row.integer(4)),
                     .failures = row.integer(5),
                     .wait_until = from_micros(row.integer(6)),
                     .succeeded_at = from_micros(row.integer(7)),
                     .failed_at = from_micros(row.integer(8)),
                     .status = static_cast<int>(row.integer(9)),
                     .error = std::string(row.text(10)),
                     .gaps = row.integer(11)},
          .created_at = from_micros(row.integer(12)),
          .changed_at = from_micros(row.integer(13)),
          .changed_by = std::string(row.text(14))};
}

WebhookDelivery delivery_of(Statement& row) {
  const bool given_up = row.is_null(3);
  return {.sequence = static_cast<std::uint64_t>(row.integer(0)),
          .body = std::string(row.text(1)),
          .attempts = row.integer(2),
          .next_at = given_up ? Time{} : from_micros(row.integer(3)),
          .given_up = given_up,
          .status = static_cast<int>(row.integer(4)),
          .error = std::string(row.text(5))};
}

tl::unexpected<Error> no_webhook(const std::string& name) {
  return fail(Code::not_found, "there is no webhook \"" + name + "\"");
}

/// None if there is no such webhook; empty if it cannot be read.
Result<std::optional<std::string>> url_before(Database& database, const std::string& name) {
  const auto query = database.statement(Sql::webhook_settings);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_text(1, name).step();
  if (!row) return fail(row.error());
  if (!*row) return std::optional<std::string>();
  const auto text = json::parse((*query)->text(0));
  if (!text || !text->is_object()) return std::optional<std::string>("");
  const auto settings = read_webhook_settings(name, text->get_object());
  return std::optional<std::string>(settings ? settings->url : "");
}

Status put_delivery(Database& database, const std::string& name, const WebhookDelivery& delivery) {
  const auto put = database.statement(Sql::put_webhook_delivery);
  if (!put) return fail(put.error());
  Statement& statement = **put;
  statement.bind_text(1, name).bind(2, static_cast<std::int64_t>(delivery.sequence));
  statement.bind_text(3, delivery.body).bind(4, delivery.attempts);
  if (delivery.given_up) {
    statement.bind_null(5);
  } else {
    statement.bind(5, to_micros(delivery.next_at));
  }
  return statement.bind(6, delivery.status).bind_text(7, delivery.error).run();
}

Status settle_deliveries(Database& database, const WebhookSettlement& settlement) {
  for (const WebhookDelivery& delivery : settlement.failed) {
    if (Status put = put_delivery(database, settlement.name, delivery); !put) return put;
  }
  const auto remove = database.statement(Sql::remove_webhook_delivery);
  if (!remove) return fail(remove.error());
  for (const std::uint64_t sequence : settlement.delivered) {
    (*remove)->bind_text(1, settlement.name).bind(2, static_cast<std::int64_t>(sequence));
    if (Status removed = (*remove)->run(); !removed) return removed;
  }
  const bool any_given_up = std::ranges::any_of(settlement.failed, &WebhookDelivery::given_up);
  if (!any_given_up) return {};
  const auto trim = database.statement(Sql::trim_webhook_deliveries);
  if (!trim) return fail(trim.error());
  (*trim)->bind_text(1, settlement.name);
  return (*trim)->bind(2, static_cast<std::int64_t>(kWebhookGivenUpMax)).run();
}

}  // namespace

Result<WebhookPutDone> SqliteWebhookPort::put(const WebhookPut& put) {
  if (Status fits = check_webhook(put.settings); !fits) return fail(fits.error());
  const std::string settings = json::serialize(webhook_settings_to_json(put.settings));
  WebhookPutDone done = WebhookPutDone::made;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto before = url_before(database, put.settings.name);
    if (!before) return fail(before.error());
    done = *before ? WebhookPutDone::replaced : WebhookPutDone::made;
    if (!*before) {
      const auto count = database.number(Sql::count_webhooks);
      if (!count) return fail(count.error());
      if (*count >= static_cast<std::int64_t>(kWebhooksMax)) return too_many_webhooks();
    }
    const auto insert = database.statement(Sql::put_webhook);
    if (!insert) return fail(insert.error());
    transaction.note_write();
    (*insert)->bind_text(1, put.settings.name).bind_blob(2, bytes_of(put.id));
    (*insert)->bind_text(3, settings).bind(4, static_cast<std::int64_t>(put.sequence));
    (*insert)->bind(5, to_micros(put.at)).bind_text(6, put.by);
    return (*insert)->bind(7, *before && **before != put.settings.url ? 1 : 0).run();
  });
  if (!written) return fail(written.error());
  return done;
}

Result<std::vector<Webhook>> SqliteWebhookPort::list() {
  return readers_.read<std::vector<Webhook>>(
      [](Database& database) -> Result<std::vector<Webhook>> {
        const auto query = database.statement(Sql::webhooks);
        if (!query) return fail(query.error());
        const ResetAtExit reset(**query);
        std::vector<Webhook> hooks;
        for (;;) {
          const auto more = (*query)->step();
          if (!more) return fail(more.error());
          if (!*more) return hooks;
          hooks.push_back(webhook_of(**query));
        }
      });
}

Status SqliteWebhookPort::remove(const std::string& name) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto remove = database.statement(Sql::remove_webhook);
    if (!remove) return fail(remove.error());
    transaction.note_write();
    if (Status done = (*remove)->bind_text(1, name).run(); !done) return done;
    if (database.rows_changed() == 0) return no_webhook(name);
    const auto rest = database.statement(Sql::remove_webhook_deliveries);
    if (!rest) return fail(rest.error());
    return (*rest)->bind_text(1, name).run();
  });
}

Status SqliteWebhookPort::set_state(const std::string& name, WebhookState state, Time at,
                                    const std::string& by) {
  return writer_.write([&](Transaction& transaction) -> Status {
    const auto set = transaction.database().statement(Sql::set_webhook_state);
    if (!set) return fail(set.error());
    transaction.note_write();
    (*set)->bind_text(1, name).bind(2, static_cast<std::int64_t>(state)).bind(3, to_micros(at));
    if (Status done = (*set)->bind_text(4, by).run(); !done) return done;
    return transaction.database().rows_changed() > 0 ? Status{} : Status{no_webhook(name)};
  });
}

Result<bool> SqliteWebhookPort::hold(const std::string& name, const std::string& holder, Time now,
                                     Time until) {
  bool held = false;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    const auto hold = transaction.database().statement(Sql::hold_webhook);
    if (!hold) return fail(hold.error());
    transaction.note_write();
    (*hold)->bind_text(1, name).bind_text(2, holder).bind(3, to_micros(now));
    if (Status done = (*hold)->bind(4, to_micros(until)).run(); !done) return done;
    held = transaction.database().rows_changed() > 0;
    return {};
  });
  if (!written) return fail(written.error());
  return held;
}

Status SqliteWebhookPort::settle(const WebhookSettlement& settlement) {
  return writer_.write([&](Transaction& transaction) -> Status {
    Database& database = transaction.database();
    const auto settle = database.statement(Sql::settle_webhook);
    if (!settle) return fail(settle.error());
    transaction.note_write();
    const WebhookHealth& health = settlement.health;
    Statement& statement = **settle;
    statement.bind_text(1, settlement.name).bind_blob(2, bytes_of(settlement.id));
    statement.bind_text(3, settlement.holder).bind(4, settlement.gone ? 1 : 0);
    statement.bind(5, static_cast<std::int64_t>(health.sequence)).bind(6, health.failures);
    statement.bind(7, to_micros(health.wait_until)).bind(8, to_micros(health.succeeded_at));
    statement.bind(9, to_micros(health.failed_at)).bind(10, health.status);
    statement.bind_text(11, health.error).bind(12, health.gaps);
    statement.bind(13, to_micros(settlement.changed_at));
    if (Status done = statement.run(); !done) return done;
    if (database.rows_changed() == 0) {
      return fail(Code::aborted, "webhook \"" + settlement.name +
                                     "\" is told by another server, or is another one by now");
    }
    return settle_deliveries(database, settlement);
  });
}

Result<std::vector<WebhookDelivery>> SqliteWebhookPort::deliveries(
    const WebhookDeliveryQuery& query) {
  using Deliveries = std::vector<WebhookDelivery>;
  return readers_.read<Deliveries>([&](Database& database) -> Result<Deliveries> {
    const auto found =
        database.statement(query.due_at ? Sql::webhook_deliveries_due : Sql::webhook_deliveries);
    if (!found) return fail(found.error());
    const ResetAtExit reset(**found);
    const std::int64_t bound =
        query.due_at ? to_micros(*query.due_at) : static_cast<std::int64_t>(query.after);
    (*found)->bind_text(1, query.name).bind(2, bound);
    (*found)->bind(3, static_cast<std::int64_t>(query.limit));
    Deliveries deliveries;
    for (;;) {
      const auto more = (*found)->step();
      if (!more) return fail(more.error());
      if (!*more) return deliveries;
      deliveries.push_back(delivery_of(**found));
    }
  });
}

Result<std::size_t> SqliteWebhookPort::revive(const std::string& name, Time at) {
  std::size_t count = 0;
  const Status written = writer_.write([&](Transaction& transaction) -> Status {
    const auto revive = transaction.database().statement(Sql::revive_webhook_deliveries);
    if (!revive) return fail(revive.error());
    transaction.note_write();
    if (Status done = (*revive)->bind_text(1, name).bind(2, to_micros(at)).run(); !done)
      return done;
    count = static_cast<std::size_t>(transaction.database().rows_changed());
    return {};
  });
  if (!written) return fail(written.error());
  return count;
}

}  // namespace waybill::sqlite
