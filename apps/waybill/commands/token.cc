#include <algorithm>
#include <boost/json.hpp>

#include "adapters/local/system_random.h"
#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/api_token.h"
#include "core/suggest.h"
#include "core/task.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view kRoles = "viewer, submitter, worker, operator, admin";

/// Never with its secret, nor the hash of that.
bj::object to_json(const TokenRecord& record, Time now) {
  return {{"id", record.id},
          {"name", record.name},
          {"role", json::text(to_string(record.role))},
          {"state", json::text(to_string(state_of(record, now)))},
          {"created_at", time_to_json(record.created_at)},
          {"created_by", record.created_by},
          {"expires_at", time_to_json(record.expires_at)},
          {"revoked_at", time_to_json(record.revoked_at)},
          {"last_used_at", time_to_json(record.last_used_at)}};
}

std::string title_of(const TokenRecord& record) { return record.name + " (" + record.id + ")"; }

/// For people: to the second.
std::string shown(Time time) {
  return time == Time{} ? "never" : format_time(std::chrono::floor<std::chrono::seconds>(time));
}

Cell state_cell(TokenState state) {
  return {std::string(to_string(state)), state == TokenState::active    ? Colour::green
                                         : state == TokenState::expired ? Colour::yellow
                                                                        : Colour::grey};
}

Exit list_tokens(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto tokens = (*store)->beside().tokens.list();
  if (!tokens) return fail(tokens.error());
  Output& output = session.output();
  const Time now = session.clock().now();
  if (output.json()) {
    bj::array array;
    for (const TokenRecord& record : *tokens) array.push_back(to_json(record, now));
    output.json_line(bj::object{{"tokens", std::move(array)}});
    return 0;
  }
  Table table({"ID", "NAME", "ROLE", "CREATED", "EXPIRES", "LAST USED", "STATE"});
  for (const TokenRecord& record : *tokens) {
    table.add({record.id, record.name, std::string(to_string(record.role)),
               shown(record.created_at), shown(record.expires_at), shown(record.last_used_at),
               state_cell(state_of(record, now))});
  }
  if (table.empty()) {
    output.note("no tokens; make one with `waybill token create`");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

/// What --name, --role and --expires say; without an id and a hash.
Result<TokenRecord> read_token(Session& session, const Invocation& invocation) {
  TokenRecord record{.name = invocation.text("name"),
                     .created_at = session.clock().now(),
                     .created_by = user_name()};
  if (!invocation.has("name")) {
    return fail(Code::invalid_argument, "--name is missing: what the token is called");
  }
  if (!invocation.has("role")) {
    return fail(Code::invalid_argument,
                "--role is missing: what the token may do, one of " + std::string(kRoles));
  }
  if (!is_name(record.name)) {
    return fail(Code::invalid_argument,
                "--name: \"" + record.name + "\" " + std::string(kNameRule));
  }
  const std::string role_name = invocation.text("role");
  const auto role = parse_role(role_name);
  if (!role) {
    return fail(Code::invalid_argument,
                "--role: \"" + role_name + "\" is none of " + std::string(kRoles));
  }
  record.role = *role;
  const auto expires =
      duration_option(invocation, "expires", {}, {.least = std::chrono::seconds(1)});
  if (!expires) return fail(expires.error());
  if (*expires != Duration(0)) record.expires_at = record.created_at + *expires;
  return record;
}

/// `already_exists` if a token that is not revoked has that name.
Status require_free_name(TokenStore& tokens, const std::string& name) {
  const auto records = tokens.list();
  if (!records) return fail(records.error());
  for (const TokenRecord& record : *records) {
    if (record.name != name || record.revoked_at != Time{}) continue;
    return fail(Code::already_exists, "there is a token " + title_of(record) +
                                          " already; give another --name, or revoke it first with "
                                          "`waybill token revoke " +
                                          name + "`");
  }
  return {};
}

Status put_token(Session& session, const TokenRecord& record) {
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  TokenStore& tokens = (*store)->beside().tokens;
  if (Status free = require_free_name(tokens, record.name); !free) return free;
  if (Status put = tokens.put(record); !put) return put;
  keep_in_audit_log(session, **store, "token create", title_of(record));
  return {};
}

/// Refuses as put_token() does; without a ledger there is no token yet.
Status look_at_token(Session& session, const TokenRecord& record) {
  const Status there = require_ledger(session.config());
  if (!there && there.error().code == Code::not_found) return {};
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  return require_free_name((*store)->beside().tokens, record.name);
}

void print_made(Session& session, const TokenRecord& record, const ApiToken& token, Doing doing) {
  Output& output = session.output();
  if (output.json()) {
    bj::object object = to_json(record, record.created_at);
    object["token"] = doing == Doing::really ? bj::value(to_string(token)) : bj::value(nullptr);
    if (doing == Doing::dry) object["id"] = nullptr;
    return output.json_line(answer(doing, std::move(object)));
  }
  const std::string ends =
      record.expires_at == Time{} ? "never expires" : "expires at " + shown(record.expires_at);
  const std::string role(to_string(record.role));
  if (doing == Doing::dry) {
    return output.note("a token " + record.name + " would be made: role " + role + ", " + ends);
  }
  output.data(to_string(token) + "\n");
  output.note("token " + title_of(record) + " is made: role " + role + ", " + ends +
              "; it is shown this once, and nobody can read it again: keep it now");
}

Exit create_token(Session& session, const Invocation& invocation) {
  auto record = read_token(session, invocation);
  if (!record) return fail(record.error());
  const ApiToken token = make_api_token(system_random_bytes(kTokenRandomBytes));
  record->id = token.id;
  record->hash = hash_of(token);
  if (const Status fits = check_token(*record); !fits) return fail(fits.error());
  const Doing doing = doing_of(invocation);
  const Status done =
      doing == Doing::really ? put_token(session, *record) : look_at_token(session, *record);
  if (!done) return fail(done.error());
  print_made(session, *record, token, doing);
  return 0;
}

/// The token of that id, or else of that name: the one that is not revoked, or else the newest.
Result<TokenRecord> find_token(const std::vector<TokenRecord>& tokens, const std::string& wanted) {
  const TokenRecord* found = nullptr;
  std::vector<std::string> known;
  for (const TokenRecord& record : tokens) {
    if (record.id == wanted) return record;
    known.push_back(record.name);
    if (record.name != wanted) continue;
    if (found == nullptr || found->revoked_at != Time{}) found = &record;
  }
  if (found != nullptr) return *found;
  return fail(Code::not_found, "there is no token \"" + wanted + "\"" +
                                   did_you_mean(wanted, known) +
                                   "; list them with `waybill token list`");
}

void print_revoked(Session& session, const TokenRecord& record, Time before, Doing doing) {
  Output& output = session.output();
  if (output.json()) {
    return output.json_line(answer(doing, to_json(record, record.revoked_at)));
  }
  if (before != Time{}) {
    return output.note("token " + title_of(record) + " was revoked already, at " + shown(before));
  }
  output.note("token " + title_of(record) +
              (doing == Doing::dry ? " would be revoked" : " is revoked"));
}

Exit revoke_token(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  TokenStore& tokens = (*store)->beside().tokens;
  const auto records = tokens.list();
  if (!records) return fail(records.error());
  // A whole token, as somebody finds it where it should not be, is never repeated in a message.
  const auto whole = parse_api_token(invocation.positionals[0]);
  auto record = find_token(*records, whole ? whole->id : invocation.positionals[0]);
  if (!record) return fail(record.error());
  const Time before = record->revoked_at;
  if (before == Time{}) {
    record->revoked_at = session.clock().now();
    if (doing == Doing::really) {
      const Status revoked = tokens.revoke(record->id, record->revoked_at);
      if (!revoked) return fail(revoked.error());
      keep_in_audit_log(session, **store, "token revoke", title_of(*record));
    }
  }
  print_revoked(session, *record, before, doing);
  return 0;
}

}  // namespace

std::vector<Command> token_commands() {
  return {{.path = "token create",
           .summary = "Make an API token for the HTTP service, and show it this once",
           .examples = {"waybill token create --name ci --role submitter --expires 90d",
                        "waybill token create --name grafana --role viewer --json"},
           .details =
               "The token alone goes to stdout. The ledger keeps its hash only: whoever loses it "
               "makes another one. Roles: viewer reads; submitter also makes tasks; worker claims "
               "and runs them; operator submits, and ends, retries and changes any task and "
               "queue; admin does everything, also with tokens. More: "
               "docs/reference/api-tokens.md.",
           .options = {{"name", "NAME", "what it is called; histories say token:NAME"},
                       {"role", "ROLE", "viewer, submitter, worker, operator or admin"},
                       {"expires", "DURATION", "how long it is good, as 90d or 12h; else for ever"},
                       kDryRun},
           .run = create_token},
          {.path = "token list",
           .summary = "List API tokens with their role, state and last use",
           .examples = {"waybill token list", "waybill token list --json"},
           .run = list_tokens},
          {.path = "token revoke",
           .summary = "Make an API token worthless, within two seconds",
           .examples = {"waybill token revoke ci", "waybill token revoke 5f0c12ab"},
           .positionals = {{"ID|NAME", "the token, as `waybill token list` has it"}},
           .options = {kDryRun},
           .run = revoke_token}};
}

}  // namespace waybill::cli
