#include "apps/waybill/commands/webhook_add.h"

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "adapters/local/system_random.h"
#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/runtime/vault.h"
#include "base/json.h"
#include "core/webhook_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kKeyBytes = 32;

Result<WebhookSettings> read_settings(const Invocation& invocation) {
  if (!invocation.has("url")) {
    return fail(Code::invalid_argument, "--url is missing: the address that is told");
  }
  bj::object object;
  const auto list = [&](std::string_view option, std::string_view field) {
    bj::array array;
    for (const std::string& text : invocation.texts(option)) array.emplace_back(text);
    if (!array.empty()) object[field] = std::move(array);
  };
  list("state", "states");
  list("queue", "queues");
  list("kind", "kinds");
  list("definition", "definitions");
  list("secret", "secrets");
  object["url"] = invocation.text("url");
  return read_webhook_settings(invocation.positionals[0], object);
}

/// A secret of its own for a webhook that names none.
struct OwnSecret {
  std::string name;
  std::string value{};  ///< empty: one is there, and is used
};

Result<OwnSecret> put_own_secret(Session& session, WebhookWork& desk, const std::string& webhook) {
  OwnSecret own{.name = "webhook-" + webhook};
  const auto there = desk.vault->record(own.name);
  if (there) return own;
  if (there.error().code != Code::not_found) return fail(there.error());
  const std::string value = format_webhook_secret(system_random_bytes(kKeyBytes));
  const auto put = desk.vault->put(own.name, value, "cli:" + user_name());
  if (!put) return fail(put.error());
  keep_in_audit_log(session, *desk.store, "secret set", own.name);
  own.value = value;
  return own;
}

/// Removes a secret that nobody has seen; where that fails too, the error says so.
void take_back(Session& session, WebhookWork& desk, const std::string& name, Error& error) {
  if (const Status removed = desk.vault->remove(name); !removed) {
    error.message += "; the secret " + name + " was made and stays (" + removed.error().message +
                     "): remove it with `waybill secret remove " + name + "`";
    return;
  }
  keep_in_audit_log(session, *desk.store, "secret remove", name);
}

void print_added(Output& output, const WebhookSettings& settings, WebhookPutDone done,
                 const std::optional<OwnSecret>& own) {
  const bool made = done == WebhookPutDone::made;
  if (output.json()) {
    const std::string value = own ? own->value : "";
    return output.json_line(bj::object{{"name", settings.name},
                                       {"created", made},
                                       {"secret_name", settings.secrets[0]},
                                       {"secret", json::text_or_null(value)}});
  }
  std::string text = "webhook " + settings.name + (made ? " is added" : " is changed") +
                     ", signed with the secret " + settings.secrets[0];
  if (own && own->value.empty()) {
    text += ", which is there already; `waybill secret set " + own->name + "` puts another one";
  }
  output.note(text);
  if (!own || own->value.empty()) return;
  output.note("its secret follows, for who checks the signatures; it is not shown again");
  output.data(own->value + "\n");
}

Exit dry_add(Session& session, WebhookWork& desk, const WebhookSettings& settings, bool is_there) {
  const bool own = settings.secrets.empty();
  const Status fits =
      own ? desk.vault->check("webhook-" + settings.name, "a value") : (*desk).check(settings);
  if (!fits) return fail(fits.error());
  Output& output = session.output();
  const std::string name = own ? "webhook-" + settings.name : settings.secrets[0];
  if (output.json()) {
    output.json_line(answer(Doing::dry, bj::object{{"name", settings.name},
                                                   {"created", !is_there},
                                                   {"secret_name", name},
                                                   {"secret", nullptr}}));
    return 0;
  }
  output.note("webhook " + settings.name + " would be " + (is_there ? "changed" : "added") +
              ", signed with the secret " + name);
  return 0;
}

}  // namespace

Result<WebhookWork> open_webhooks(Session& session, OpenStore mode) {
  const auto store = session.store(mode);
  if (!store) return fail(store.error());
  WebhookWork desk{.store = *store, .vault = nullptr, .webhooks = nullptr};
  auto vault = open_vault(session, **store);
  if (!vault) return fail(vault.error());
  desk.vault = std::move(*vault);
  auto webhooks = Webhooks::create(session, **store, *desk.vault);
  if (!webhooks) return fail(webhooks.error());
  desk.webhooks = std::move(*webhooks);
  return desk;
}

Exit add_webhook(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  auto settings = read_settings(invocation);
  if (!settings) return fail(settings.error());
  auto desk = open_webhooks(session, opened_for(doing, OpenStore::create));
  if (!desk) return fail(desk.error());
  const auto there = (**desk).find(settings->name);
  if (!there && there.error().code != Code::not_found) return fail(there.error());
  // Who checks the signatures of one that is there has its secrets.
  if (there && settings->secrets.empty()) settings->secrets = there->settings.secrets;
  // Before a secret is made, which would be shown to nobody.
  WebhookSettings signed_by_own = *settings;
  if (settings->secrets.empty()) signed_by_own.secrets = {"webhook-" + settings->name};
  if (Status fits = (**desk).check_settings(signed_by_own); !fits) return fail(fits.error());
  if (doing == Doing::dry) return dry_add(session, *desk, *settings, there.has_value());
  std::optional<OwnSecret> own;
  if (settings->secrets.empty()) {
    auto put = put_own_secret(session, *desk, settings->name);
    if (!put) return fail(put.error());
    own = std::move(*put);
  }
  const auto put = (**desk).put(signed_by_own, "cli:" + user_name());
  if (!put) {
    Error error = put.error();
    if (own && !own->value.empty()) take_back(session, *desk, own->name, error);
    return fail(std::move(error));
  }
  keep_in_audit_log(session, *desk->store, invocation.command, settings->name);
  print_added(session.output(), signed_by_own, *put, own);
  return 0;
}

}  // namespace waybill::cli
