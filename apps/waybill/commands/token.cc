#include <boost/json.hpp>
#include <optional>

#include "adapters/aws/settings.h"
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
#include "core/task.h"
#include "core/token_json.h"
#include "services/token_desk.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::string_view kRoles = "viewer, submitter, worker, operator, admin";

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
    for (const TokenRecord& record : *tokens) array.push_back(token_to_json(record, now));
    output.json_line(bj::object{{"tokens", std::move(array)}});
    return 0;
  }
  Table table({"ID", "NAME", "ROLE", "RATE", "CREATED", "EXPIRES", "LAST USED", "STATE"});
  for (const TokenRecord& record : *tokens) {
    table.add({record.id, record.name, std::string(to_string(record.role)),
               record.rate_limit == 0 ? "" : std::to_string(record.rate_limit) + "/s",
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

/// What --name, --role, --rate-limit and --expires say; without an id and a hash.
Result<TokenRecord> read_token(Session& session, const Invocation& invocation) {
  TokenRecord record{.name = invocation.text("name"),
                     .created_at = session.clock().now(),
                     .created_by = user_name()};
  if (!invocation.has("name")) {
    return fail(Code::invalid_argument, "--name is missing: what the token is called");
  }
  if (invocation.has("role") == invocation.has("scope")) {
    return fail(Code::invalid_argument,
                invocation.has("role")
                    ? "--role and --scope say the same: give one"
                    : "--role is missing: what the token may do, one of " + std::string(kRoles));
  }
  if (!is_name(record.name)) {
    return fail(Code::invalid_argument,
                "--name: \"" + record.name + "\" " + std::string(kNameRule));
  }
  const std::string option = invocation.has("role") ? "role" : "scope";
  if (invocation.texts(option).size() > 1) {
    return fail(Code::invalid_argument, "--" + option + " is given twice: a token has one role");
  }
  const std::string role_name = invocation.text(option);
  const auto role = parse_role(role_name);
  if (!role) {
    return fail(Code::invalid_argument,
                "--" + option + ": \"" + role_name + "\" is none of " + std::string(kRoles));
  }
  record.role = *role;
  const auto expires =
      duration_option(invocation, "expires", {}, {.least = std::chrono::seconds(1)});
  if (!expires) return fail(expires.error());
  const auto rate =
      integer_option(invocation, "rate-limit", 0, {.least = 1, .most = kRateLimitMax});
  if (!rate) return fail(rate.error());
  record.rate_limit = *rate;
  if (*expires != Duration(0)) record.expires_at = record.created_at + *expires;
  return record;
}

/// The token that --token-file holds, or a new one.
Result<ApiToken> token_of(const Invocation& invocation) {
  if (!invocation.has("token-file")) return make_api_token(system_random_bytes(kTokenRandomBytes));
  const std::string path = invocation.text("token-file");
  const auto text = aws::read_whole_file(path);
  if (!text) return fail(Code::invalid_argument, "--token-file: " + text.error().message);
  const std::size_t end = text->find_last_not_of(" \t\r\n");
  const auto token = parse_api_token(text->substr(0, end == text->npos ? 0 : end + 1));
  if (token) return *token;
  return fail(Code::invalid_argument,
              "--token-file: file " + path +
                  " holds no token; one is wb_, 8 hex digits, _ and 64 hex digits, as "
                  "\"wb_$(openssl rand -hex 4)_$(openssl rand -hex 32)\" makes it");
}

using Making = TokenDesk::Making;

/// Over the ledger, keeping in its audit log what it does.
TokenDesk desk_over(Session& session, Store& store) {
  return TokenDesk(store.beside().tokens, [&](TokenDesk::Did did, const TokenRecord& record) {
    keep_in_audit_log(session, store, did == TokenDesk::Did::made ? "token create" : "token revoke",
                      title_of(record));
  });
}

TokenDesk::Taken taken_of(const Invocation& invocation) {
  return invocation.has("replace") ? TokenDesk::Taken::replace : TokenDesk::Taken::refuse;
}

/// Whoever may write the ledger may do everything.
Result<Making> put_token(Session& session, const TokenRecord& record, TokenDesk::Taken taken) {
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  return desk_over(session, **store).put(record, Role::admin, taken);
}

/// Refuses as put_token() does; without a ledger there is no token yet.
Result<Making> look_at_token(Session& session, const TokenRecord& record, TokenDesk::Taken taken) {
  const Status there = require_ledger(session.config());
  if (!there && there.error().code == Code::not_found) return Making{};
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  return desk_over(session, **store).plan(record, Role::admin, taken);
}

/// A machine that starts is told, and goes on: what was revoked stays so.
void print_known(Session& session, const TokenRecord& known) {
  Output& output = session.output();
  const TokenState state = state_of(known, session.clock().now());
  if (output.json()) {
    bj::object object = token_to_json(known, session.clock().now());
    object["token"] = nullptr;
    return output.json_line(object);
  }
  output.note("token " + title_of(known) + " is there already" +
              (state == TokenState::active
                   ? ""
                   : ", and worth nothing: it " +
                         std::string(state == TokenState::revoked ? "was revoked" : "has expired") +
                         "; put another one into the file"));
}

/// `text`: of the token, if it is to be shown.
void print_made(Session& session, const TokenRecord& record, const std::string& text, Doing doing) {
  Output& output = session.output();
  if (output.json()) {
    bj::object object = token_to_json(record, record.created_at);
    object["token"] = text.empty() ? bj::value(nullptr) : bj::value(text);
    if (doing == Doing::dry) object["id"] = nullptr;
    return output.json_line(answer(doing, std::move(object)));
  }
  const std::string ends =
      record.expires_at == Time{} ? "never expires" : "expires at " + shown(record.expires_at);
  const std::string role(to_string(record.role));
  if (doing == Doing::dry) {
    return output.note("a token " + record.name + " would be made: role " + role + ", " + ends);
  }
  const std::string made = "token " + title_of(record) + " is made: role " + role + ", " + ends;
  if (text.empty()) return output.note(made);
  output.data(text + "\n");
  output.note(made + "; it is shown this once, and nobody can read it again: keep it now");
}

Exit create_token(Session& session, const Invocation& invocation) {
  auto record = read_token(session, invocation);
  if (!record) return fail(record.error());
  const auto token = token_of(invocation);
  if (!token) return fail(token.error());
  record->id = token->id;
  record->hash = hash_of(*token);
  if (const Status fits = check_token(*record); !fits) return fail(fits.error());
  const Doing doing = doing_of(invocation);
  const TokenDesk::Taken taken = taken_of(invocation);
  const auto making = doing == Doing::really ? put_token(session, *record, taken)
                                             : look_at_token(session, *record, taken);
  if (!making) return fail(making.error());
  if (making->known) {
    print_known(session, *making->known);
    return 0;
  }
  const bool is_news = doing == Doing::really && !invocation.has("token-file");
  print_made(session, *record, is_news ? to_string(*token) : "", doing);
  return 0;
}

void print_revoked(Session& session, const TokenDesk::Revoked& revoked, Doing doing) {
  Output& output = session.output();
  const TokenRecord& record = revoked.record;
  if (output.json()) {
    return output.json_line(answer(doing, token_to_json(record, record.revoked_at)));
  }
  if (revoked.was) {
    return output.note("token " + title_of(record) + " was revoked already, at " +
                       shown(record.revoked_at));
  }
  output.note("token " + title_of(record) +
              (doing == Doing::dry ? " would be revoked" : " is revoked"));
}

/// What revoke() would come to.
Result<TokenDesk::Revoked> look_at_revoking(TokenDesk& desk, const std::string& wanted, Time at) {
  auto record = desk.find(wanted);
  if (!record) return fail(record.error());
  const bool was = record->revoked_at != Time{};
  if (!was) record->revoked_at = at;
  return TokenDesk::Revoked{.record = std::move(*record), .was = was};
}

Exit revoke_token(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  TokenDesk desk = desk_over(session, **store);
  const std::string& wanted = invocation.positionals[0];
  const Time now = session.clock().now();
  const auto revoked =
      doing == Doing::really ? desk.revoke(wanted, now) : look_at_revoking(desk, wanted, now);
  if (!revoked && revoked.error().code == Code::not_found) {
    return fail(Code::not_found, revoked.error().message + "; list them with `waybill token list`");
  }
  if (!revoked) return fail(revoked.error());
  print_revoked(session, *revoked, doing);
  return 0;
}

}  // namespace

std::vector<Command> token_commands() {
  return {
      {.path = "token create",
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
                   {"scope", "ROLE", "the same as --role"},
                   {"expires", "DURATION", "how long it is good, as 90d or 12h; else for ever"},
                   {"rate-limit", "N",
                    "requests a second that are taken of it, whatever the server's rate_limit"},
                   {"token-file", "FILE",
                    "takes the token in FILE, and shows none; fine to repeat, so that a machine "
                    "may do it at each start"},
                   {"replace", "", "revokes the token that has the name, if there is one"},
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
