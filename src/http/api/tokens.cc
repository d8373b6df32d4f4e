// API tokens: made, listed, revoked. The text of one is in the answer that makes it, and nowhere
// else.

#include <boost/json.hpp>

#include "base/json.h"
#include "core/token_json.h"
#include "http/api/gate.h"
#include "http/api/routes.h"
#include "services/token_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

Answer<TokenDesk*> tokens_of(const ApiParts& parts) {
  if (parts.tokens != nullptr) return parts.tokens;
  return refuse(Error{.code = Code::unimplemented, .message = "this server keeps no tokens"});
}

bj::object token_view(const ApiParts& parts, const Call& call, const TokenRecord& record) {
  bj::object view = token_to_json(record, parts.clock.now());
  view["current"] = record.id == call.who.token_id;
  return view;
}

Answer<Reply> list_tokens(const ApiParts& parts, const Call& call) {
  const auto desk = tokens_of(parts);
  if (!desk) return refuse(desk.error());
  const auto records = (*desk)->list();
  if (!records) return refuse(records.error());
  bj::array tokens;
  for (const TokenRecord& record : *records) tokens.push_back(token_view(parts, call, record));
  return json_response(bj::object{{"tokens", std::move(tokens)}});
}

constexpr Duration kExpiresMin = std::chrono::seconds(1);
constexpr Duration kExpiresMax = std::chrono::hours(24 * 36'500);

Answer<TokenRecord> read_wanted(const ApiParts& parts, const Call& call) {
  const Fields fields(call.body.get_object());
  const std::string role = fields.text("role");
  const Time now = parts.clock.now();
  TokenRecord record{.name = fields.text("name"),
                     .role = parse_role(role).value(),  // the document has their names
                     .rate_limit = fields.integer("rate_limit", 0),
                     .created_at = now,
                     .created_by = call.who.name};
  if (!fields.has("expires")) return record;
  const Duration expires = fields.duration("expires", Duration(0));
  if (expires < kExpiresMin || expires > kExpiresMax) {
    return refuse(Error{.code = Code::invalid_argument,
                        .message = "/expires: has to be " + format_duration(kExpiresMin) + " to " +
                                   format_duration(kExpiresMax) +
                                   "; leave it out for a token that never expires"});
  }
  record.expires_at = now + expires;
  return record;
}

/// Where nobody was asked for a token, all are once there is one.
Answer<void> check_first(TokenDesk& desk, const ApiParts& parts, const Call& call, Role role) {
  const bool was_asked = !call.who.token_id.empty() || session_cookie(parts.logins, call.request);
  if (was_asked || role == Role::admin) return {};
  const auto records = desk.list();
  if (!records) return refuse(records.error());
  if (!records->empty()) return {};
  return refuse(Error{.code = Code::failed_precondition,
                      .message = "from its first token on this server asks everybody for one: let "
                                 "that be an admin's, which can make the others"});
}

Answer<Reply> create_token(const ApiParts& parts, const Call& call) {
  const auto desk = tokens_of(parts);
  if (!desk) return refuse(desk.error());
  auto record = read_wanted(parts, call);
  if (!record) return refuse(record.error());
  if (auto first = check_first(**desk, parts, call, record->role); !first) {
    return refuse(std::move(first.error()));
  }
  const ApiToken token = make_api_token(parts.random_bytes(kTokenRandomBytes));
  record->id = token.id;
  record->hash = hash_of(token);
  // What is wrong with the request is no trouble of the ledger.
  if (const auto plan = (*desk)->plan(*record, call.who.role); !plan) return refuse(plan.error());
  const auto made = (*desk)->put(*record, call.who.role);
  if (!made) return refuse_storage(made.error());
  bj::object answer = {{"token", token_view(parts, call, *record)}, {"secret", to_string(token)}};
  Response response = json_response(answer, 201);
  // Who asks again learns that it was made, and by which id to revoke it.
  answer["secret"] = nullptr;
  response.body_to_keep = json::serialize(answer);
  return response;
}

Answer<Reply> revoke_token(const ApiParts& parts, const Call& call) {
  const auto desk = tokens_of(parts);
  if (!desk) return refuse(desk.error());
  const auto revoked = (*desk)->revoke(call.at("token"), parts.clock.now());
  if (!revoked) return refuse_storage(revoked.error());
  return json_response(token_view(parts, call, revoked->record));
}

}  // namespace

void add_token_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listTokens"] = [&parts](const Call& call) { return list_tokens(parts, call); };
  handlers["createToken"] = [&parts](const Call& call) { return create_token(parts, call); };
  handlers["revokeToken"] = [&parts](const Call& call) { return revoke_token(parts, call); };
}

}  // namespace waybill::http
