// Secrets by name: put, listed without their values, removed. No request is ever answered a value.

#include <boost/json.hpp>

#include "base/json.h"
#include "core/secret_json.h"
#include "http/api/routes.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

Answer<SecretVault*> vault_of(const ApiParts& parts) {
  if (parts.secrets != nullptr) return parts.secrets;
  return refuse(Error{.code = Code::unimplemented, .message = "this server keeps no secrets"});
}

Answer<Reply> list_secrets(const ApiParts& parts) {
  const auto vault = vault_of(parts);
  if (!vault) return refuse(vault.error());
  const auto records = (*vault)->list();
  if (!records) return refuse(records.error());
  bj::array secrets;
  for (const SecretRecord& record : *records) secrets.push_back(secret_to_json(record));
  return json_response(bj::object{{"secrets", std::move(secrets)}});
}

Answer<Reply> put_secret(const ApiParts& parts, const Call& call) {
  const auto vault = vault_of(parts);
  if (!vault) return refuse(vault.error());
  const Fields fields(call.body.get_object());
  const std::string& name = call.at("name");
  const auto put = (*vault)->put(name, fields.text("value"), call.who.name);
  if (!put) return refuse_storage(put.error());
  const auto record = (*vault)->record(name);
  if (!record) return refuse(record.error());
  return json_response(secret_to_json(*record), *put == SecretPut::made ? 201 : 200);
}

Answer<Reply> remove_secret(const ApiParts& parts, const Call& call) {
  const auto vault = vault_of(parts);
  if (!vault) return refuse(vault.error());
  if (Status done = (*vault)->remove(call.at("name")); !done) return refuse(done.error());
  return Response{.status = 204, .body = {}, .content_type = {}, .headers = {}, .stream = nullptr};
}

}  // namespace

void add_secret_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listSecrets"] = [&parts](const Call&) { return list_secrets(parts); };
  handlers["putSecret"] = [&parts](const Call& call) { return put_secret(parts, call); };
  handlers["removeSecret"] = [&parts](const Call& call) { return remove_secret(parts, call); };
}

}  // namespace waybill::http
