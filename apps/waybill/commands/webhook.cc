#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/commands/webhook_add.h"
#include "base/json.h"
#include "core/task_json.h"
#include "core/webhook_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kShownMax = 20;

Exit with_advice(Error error) {
  if (error.code == Code::not_found) error.message += "; list them with `waybill webhook list`";
  return fail(std::move(error));
}

std::string shown_time(Time time) { return time == Time{} ? "never" : to_the_second(time); }

Cell state_cell(const Webhook& hook) {
  if (hook.state != WebhookState::active) {
    return {std::string(to_string(hook.state)), Colour::yellow};
  }
  if (hook.health.failures > 0) return {"failing", Colour::red};
  return {"active", Colour::green};
}

Exit list_webhooks(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto hooks = (*store)->beside().webhooks.list();
  if (!hooks) return fail(hooks.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const Webhook& hook : *hooks) array.push_back(webhook_to_json(hook));
    output.json_line(bj::object{{"webhooks", std::move(array)}});
    return 0;
  }
  Table table({"NAME", "URL", "STATE", "LAST TAKEN", "LAST FAILED"});
  for (const Webhook& hook : *hooks) {
    table.add({hook.settings.name, hook.settings.url, state_cell(hook),
               shown_time(hook.health.succeeded_at), shown_time(hook.health.failed_at)});
  }
  if (table.empty()) {
    output.note("no webhooks; add one with `waybill webhook add NAME --url URL`");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

std::string joined(const std::vector<std::string>& words, std::string_view none) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text.empty() ? std::string(none) : text;
}

std::string details_of(const Webhook& hook) {
  std::vector<std::string> states;
  for (const State state : hook.settings.states) states.emplace_back(to_string(state));
  const WebhookHealth& health = hook.health;
  std::string text =
      "name         " + hook.settings.name + "\nurl          " + hook.settings.url +
      "\nstate        " + std::string(to_string(hook.state)) + "\ntold of      " +
      joined(states, "any change") + "\nqueues       " + joined(hook.settings.queues, "all") +
      "\nkinds        " + joined(hook.settings.kinds, "all") + "\ndefinitions  " +
      joined(hook.settings.definitions, "all") + "\nsecrets      " +
      joined(hook.settings.secrets, "none") + "\nsequence     " + std::to_string(health.sequence) +
      "\nlast taken   " + shown_time(health.succeeded_at) + "\nlast failed  " +
      shown_time(health.failed_at) + "\n";
  if (health.failures > 0) {
    text += "failures     " + std::to_string(health.failures) + " in a row: " + health.error + "\n";
  }
  if (health.gaps > 0)
    text += "gaps         " + std::to_string(health.gaps) +
            ": changes were gone before they were told\n";
  return text;
}

Exit show_webhook(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.positionals[0];
  auto desk = open_webhooks(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto hook = (**desk).find(name);
  if (!hook) return with_advice(hook.error());
  const auto deliveries = (**desk).deliveries(name, 0, kWebhookGivenUpMax);
  if (!deliveries) return fail(deliveries.error());
  Output& output = session.output();
  if (output.json()) {
    bj::object object = webhook_to_json(*hook);
    bj::array array;
    for (const WebhookDelivery& delivery : *deliveries) {
      array.push_back(webhook_delivery_to_json(hook->id, delivery));
    }
    object["deliveries"] = std::move(array);
    output.json_line(object);
    return 0;
  }
  output.data(details_of(*hook));
  if (deliveries->empty()) return 0;
  Table table({"NOT TAKEN", "ATTEMPTS", "NEXT", "WHY"});
  for (std::size_t i = 0; i < std::min(deliveries->size(), kShownMax); ++i) {
    const WebhookDelivery& delivery = (*deliveries)[i];
    table.add({std::to_string(delivery.sequence), std::to_string(delivery.attempts),
               delivery.given_up ? "given up" : to_the_second(delivery.next_at), delivery.error});
  }
  output.data("\n" + table.text(output));
  if (deliveries->size() > kShownMax) {
    output.note("and " + std::to_string(deliveries->size() - kShownMax) +
                " more of the first 1,000; --json has those");
  }
  return 0;
}

/// The commands that do one thing to one webhook, and say so.
Exit change(Session& session, const Invocation& invocation, std::string_view done,
            Status (*act)(WebhookDesk&, const std::string& name)) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  auto desk = open_webhooks(session, opened_for(doing, OpenStore::existing));
  if (!desk) return fail(desk.error());
  if (const auto there = (**desk).find(name); !there) return with_advice(there.error());
  if (doing == Doing::really) {
    if (Status acted = act(**desk, name); !acted) return with_advice(acted.error());
    keep_in_audit_log(session, *desk->store, invocation.command, name);
  }
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"name", name}}));
  } else {
    output.note("webhook " + name + (doing == Doing::dry ? " would be " : " is ") +
                std::string(done));
  }
  return 0;
}

Exit remove_webhook(Session& session, const Invocation& invocation) {
  return change(session, invocation, "removed; its secrets stay, see `waybill secret list`",
                [](WebhookDesk& desk, const std::string& name) { return desk.remove(name); });
}

Exit pause_webhook(Session& session, const Invocation& invocation) {
  return change(session, invocation, "paused", [](WebhookDesk& desk, const std::string& name) {
    return desk.pause(name, "cli:" + user_name());
  });
}

Exit resume_webhook(Session& session, const Invocation& invocation) {
  return change(session, invocation, "resumed", [](WebhookDesk& desk, const std::string& name) {
    return desk.resume(name, "cli:" + user_name());
  });
}

Exit replay_webhook(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  auto desk = open_webhooks(session, opened_for(doing, OpenStore::existing));
  if (!desk) return fail(desk.error());
  const auto deliveries = (**desk).deliveries(name, 0, SIZE_MAX / 2);
  if (!deliveries) return with_advice(deliveries.error());
  auto count =
      static_cast<std::size_t>(std::ranges::count_if(*deliveries, &WebhookDelivery::given_up));
  if (doing == Doing::really) {
    const auto replayed = (**desk).replay(name);
    if (!replayed) return with_advice(replayed.error());
    count = *replayed;
    keep_in_audit_log(session, *desk->store, invocation.command, name);
  }
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"name", name}, {"replayed", count}}));
  } else {
    output.note(counted(static_cast<std::int64_t>(count), "message") +
                (doing == Doing::dry ? " would be" : " will be") + " sent again");
  }
  return 0;
}

Exit test_webhook(Session& session, const Invocation& invocation) {
  auto desk = open_webhooks(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto tried = (**desk).test(invocation.positionals[0],
                                   {.at = session.clock().steady_now() + std::chrono::seconds(10)});
  if (!tried) return with_advice(tried.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(to_json(*tried));
    return tried->error.empty() ? 0 : 1;
  }
  if (!tried->error.empty()) {
    return fail(Code::unavailable, "the message was not taken: " + tried->error);
  }
  output.note("the message " + tried->id + " was taken: " + std::to_string(tried->status));
  return 0;
}

}  // namespace

std::vector<Command> webhook_commands() {
  const Positional name{"NAME", "the webhook, as `waybill webhook list` has it"};
  return {
      {.path = "webhook add",
       .summary = "Tell an address what changes, or give a webhook other settings",
       .examples = {"waybill webhook add ci --url https://ci.example/waybill",
                    "waybill webhook add ci --url https://ci.example/waybill --state failed "
                    "--definition nightly",
                    "waybill webhook add ci --url https://ci.example/waybill --secret old --secret "
                    "new"},
       .details =
           "`waybill serve` and `waybill up --listen` send. Messages are CloudEvents 1.0, signed "
           "as Standard Webhooks says; what is not taken is sent again for three days. Without "
           "--secret one is made, kept as the secret webhook-NAME, and shown once; that takes a "
           "key, as all secrets do. Given again, it replaces all settings but the "
           "secrets, unless --secret names others. More: docs/reference/webhooks.md.",
       .positionals = {{"NAME", "what it is called"}},
       .options = {{"url", "URL",
                    "where messages are posted to: https://…, or http:// in --webhook-networks"},
                   {"state", "STATE", "tell of changes to it; else succeeded, failed and cancelled",
                    Option::Times::many},
                   {"queue", "NAME", "only of tasks in this queue", Option::Times::many},
                   {"kind", "NAME", "only of tasks of this kind", Option::Times::many},
                   {"definition", "NAME", "only of tasks of this definition", Option::Times::many},
                   {"secret", "NAME", "the secret that signs; up to 3, each signs by itself",
                    Option::Times::many},
                   kDryRun},
       .run = add_webhook},
      {.path = "webhook list",
       .summary = "List the webhooks, with how it goes",
       .examples = {"waybill webhook list", "waybill webhook list --json"},
       .run = list_webhooks},
      {.path = "webhook show",
       .summary = "Show a webhook, and what it has not taken so far",
       .examples = {"waybill webhook show ci"},
       .positionals = {name},
       .run = show_webhook},
      {.path = "webhook test",
       .summary = "Send a message that tells of nothing, and say what comes of it",
       .examples = {"waybill webhook test ci"},
       .positionals = {name},
       .run = test_webhook},
      {.path = "webhook pause",
       .summary = "Pause a webhook: it is told nothing, and misses nothing",
       .examples = {"waybill webhook pause ci"},
       .positionals = {name},
       .options = {kDryRun},
       .run = pause_webhook},
      {.path = "webhook resume",
       .summary = "Let a webhook go on, also after its address failed or answered 410",
       .examples = {"waybill webhook resume ci"},
       .positionals = {name},
       .options = {kDryRun},
       .run = resume_webhook},
      {.path = "webhook replay",
       .summary = "Send again what was given up",
       .examples = {"waybill webhook replay ci"},
       .positionals = {name},
       .options = {kDryRun},
       .run = replay_webhook},
      {.path = "webhook remove",
       .summary = "Remove a webhook, and what waits to be sent",
       .examples = {"waybill webhook remove ci"},
       .positionals = {name},
       .options = {kDryRun},
       .run = remove_webhook}};
}

}  // namespace waybill::cli
