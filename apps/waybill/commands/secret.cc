#include <boost/json.hpp>

#include "adapters/aws/settings.h"
#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/secret_input.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/vault.h"
#include "apps/waybill/secret_key.h"
#include "core/secret_json.h"
#include "core/secret_mask.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Exit list_secrets(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto secrets = (*store)->beside().secrets.list();
  if (!secrets) return fail(secrets.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const SecretRecord& record : *secrets) array.push_back(secret_to_json(record));
    output.json_line(bj::object{{"secrets", std::move(array)}});
    return 0;
  }
  Table table({"NAME", "CREATED", "CHANGED", "BY", "KEY"});
  for (const SecretRecord& record : *secrets) {
    table.add({record.name, to_the_second(record.created_at), to_the_second(record.changed_at),
               record.changed_by, record.key_id});
  }
  if (table.empty()) {
    output.note("no secrets; put one with `waybill secret set NAME`");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

Exit set_secret(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::create));
  if (!store) return fail(store.error());
  const auto vault = open_vault(session, **store);
  if (!vault) return fail(vault.error());
  // Before a person is asked for the value.
  if (Status fits = (*vault)->check(name, "a value"); !fits) return fail(fits.error());
  const auto value = read_secret_input(invocation.text("file"), "the value of " + name);
  if (!value) return fail(value.error());
  if (Status fits = (*vault)->check(name, *value); !fits) return fail(fits.error());
  const bool there = (*vault)->record(name).has_value();
  SecretPut done = there ? SecretPut::replaced : SecretPut::made;
  if (doing == Doing::really) {
    const auto put = (*vault)->put(name, *value, "cli:" + user_name());
    if (!put) return fail(put.error());
    done = *put;
    keep_in_audit_log(session, **store, invocation.command, name);
  }
  Output& output = session.output();
  const bool made = done == SecretPut::made;
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"name", name}, {"created", made}}));
    return 0;
  }
  output.note("secret " + name + (doing == Doing::dry ? " would be " : " is ") +
              (made ? "put" : "replaced") +
              (value->size() < kMaskBytesMin ? "; it is too short to be masked in logs" : ""));
  return 0;
}

Exit remove_secret(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  SecretStore& secrets = (*store)->beside().secrets;
  Status done{};
  if (doing == Doing::really) {
    done = secrets.remove(name);
    if (done) keep_in_audit_log(session, **store, invocation.command, name);
  } else if (const auto record = secrets.get(name); !record) {
    done = fail(record.error());
  }
  if (!done && done.error().code == Code::not_found) {
    Error error = done.error();
    error.message += "; list them with `waybill secret list`";
    return fail(std::move(error));
  }
  if (!done) return fail(done.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"removed", name}}));
  } else {
    output.note("secret " + name + (doing == Doing::dry ? " would be removed" : " is removed"));
  }
  return 0;
}

Result<std::string> new_key_of(const Invocation& invocation) {
  const std::string path = invocation.text("new-key-file");
  if (path.empty()) {
    return fail(Code::invalid_argument,
                "--new-key-file is missing: the file with the key to seal under from now on, as "
                "`openssl rand -base64 32` makes one");
  }
  const auto text = aws::read_whole_file(path);
  if (!text) return fail(with_context(text.error(), "--new-key-file"));
  auto key = parse_secret_key(*text);
  if (!key) return fail(with_context(key.error(), "--new-key-file: " + path));
  return key;
}

Exit rotate_secrets(Session& session, const Invocation& invocation) {
  const auto key = new_key_of(invocation);
  if (!key) return fail(key.error());
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  const auto vault = open_vault(session, **store);
  if (!vault) return fail(vault.error());
  const auto count = doing == Doing::dry ? (*vault)->check_all() : (*vault)->rotate(*key);
  if (!count) return fail(count.error());
  Output& output = session.output();
  const std::string id = secret_key_id(*key);
  if (doing == Doing::really) keep_in_audit_log(session, **store, invocation.command, "key " + id);
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"rotated", *count}, {"key_id", id}}));
    return 0;
  }
  const std::string number = counted(static_cast<std::int64_t>(*count), "secret");
  if (doing == Doing::dry) {
    output.note(number + " would be sealed under the key " + id);
  } else {
    output.note(number + " sealed under the key " + id +
                "; give it to servers and workers: they take it when its file has it, and until "
                "then can read none");
  }
  return 0;
}

}  // namespace

std::vector<Command> secret_commands() {
  return {{.path = "secret set",
           .summary = "Put a secret under a name, or another value in its place",
           .examples = {"waybill secret set registry-password",
                        "waybill secret set deploy-key --file ./id_ed25519",
                        "pass show registry | waybill secret set registry-password"},
           .details = "The value comes from --file or standard input, never from the command line; "
                      "one line end at its end is dropped. It is sealed under the key of "
                      "WAYBILL_SECRET_KEY or --secret-key-file before it is kept, and never shown "
                      "again. More: docs/reference/secrets.md.",
           .positionals = {{"NAME", "what tasks call it"}},
           .options = {{"file", "FILE", "the value; else standard input is read"}, kDryRun},
           .run = set_secret},
          {.path = "secret list",
           .summary = "List the names of secrets, with their times and the id of their key",
           .examples = {"waybill secret list", "waybill secret list --json"},
           .run = list_secrets},
          {.path = "secret remove",
           .summary = "Remove a secret; tasks that need it fail from then on",
           .examples = {"waybill secret remove registry-password"},
           .positionals = {{"NAME", "the secret, as `waybill secret list` has it"}},
           .options = {kDryRun},
           .run = remove_secret},
          {.path = "secret rotate",
           .summary = "Seal all secrets under another key, all or none",
           .examples = {"waybill secret rotate --secret-key-file old.key --new-key-file new.key"},
           .details = "A server or worker that comes upon the new key reads its --secret-key-file "
                      "again, so put the new key there, on a line before the old one, and rotate; "
                      "then drop the old line. Where the file has only the old key, or the key "
                      "comes from WAYBILL_SECRET_KEY, tasks with secrets wait until it is changed.",
           .options = {{"new-key-file", "FILE", "the key to seal under from now on"}, kDryRun},
           .run = rotate_secrets}};
}

}  // namespace waybill::cli
