// Secrets by name: put, listed without their values, removed. Only the worker that holds a task is
// answered values, of those that the task names.

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "core/listen_address.h"
#include "core/secret_json.h"
#include "http/api/routes.h"
#include "services/audit_writer.h"

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
  // Without a key nothing is wrong with the ledger.
  if (!put && put.error().code == Code::failed_precondition) return refuse(put.error());
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

/// Whether nobody on the way reads along. Addresses of IPv4 may come as those of IPv6.
bool is_private(const Request& request) {
  constexpr std::string_view kMapped = "::ffff:";
  std::string_view peer = request.peer;
  if (peer.starts_with(kMapped)) peer.remove_prefix(kMapped.size());
  if (request.over_tls) return true;
  // A proxy on this machine: what lies behind it is what it says. Who lies can only make this
  // stricter for himself.
  const bool by_proxy = request.has_header("forwarded") || request.has_header("via") ||
                        request.has_header("x-forwarded-for");
  if (by_proxy && request.header("x-forwarded-proto") != "https") return false;
  return peer == "::1" || is_loopback_host(peer);
}

/// One request for the secrets of a task.
class TaskSecrets {
 public:
  TaskSecrets(const ApiParts& parts, const Call& call)
      : parts_(parts), call_(call), fields_(call.body.get_object()) {}

  Answer<Reply> run() {
    Answer<std::vector<std::string>> names = allowed();
    if (!names) {
      keep_refused(names.error().detail);
      return refuse(std::move(names.error()));
    }
    std::string which;
    for (const std::string& name : *names) which += (which.empty() ? "" : ", ") + name;
    // Before anything is given out: what the log says may be more than was, never less.
    if (Status kept = keep_given(static_cast<std::int64_t>(names->size()), which); !kept) {
      return refuse_storage(with_context(kept.error(), "writing the audit log"));
    }
    bj::array secrets;
    for (const std::string& name : *names) secrets.push_back(give(name));
    return json_response(bj::object{{"secrets", std::move(secrets)}});
  }

 private:
  Answer<std::vector<std::string>> allowed();
  Answer<Task> held_task();
  bj::object give(const std::string& name);
  AuditEntry entry_of(AuditOutcome outcome, std::int64_t count, std::string reason) const;
  Status keep_given(std::int64_t count, std::string which);
  void keep_refused(std::string reason);

  const ApiParts& parts_;
  const Call& call_;
  const Fields fields_;
};

Answer<Task> TaskSecrets::held_task() {
  const auto id = id_in_path(call_);
  if (!id) return refuse(id.error());
  auto task = parts_.ledger.reader.get(*id);
  if (!task) return refuse(task.error());
  const std::string worker = fields_.text("worker");
  const auto fence = static_cast<std::uint64_t>(fields_.integer("fence", 0));
  const TaskStatus& status = task->status;
  const bool is_held = status.state == State::leased && status.fence == fence &&
                       status.lease_until > parts_.ledger.ledger.now();
  if (is_held && status.worker == worker) {
    return std::move(*task);
  }
  return refuse(Error{.code = Code::aborted,
                      .message = "task " + to_string(*id) + " is not leased to " + worker +
                                 " with fence " + std::to_string(fence) +
                                 " any more: stop working on it"});
}

Answer<std::vector<std::string>> TaskSecrets::allowed() {
  if (!is_private(call_.request)) {
    return refuse(problem_of(403,
                             "secrets are given only over TLS, or on the server's own machine: "
                             "serve with --tls-certificate-file and --tls-key-file, and ask by "
                             "https"));
  }
  if (const auto vault = vault_of(parts_); !vault) return refuse(vault.error());
  const auto task = held_task();
  if (!task) return refuse(task.error());
  std::vector<std::string> named = secrets_named(task->request.spec);
  if (!fields_.has("names")) return named;
  std::vector<std::string> names;
  for (const bj::value& value : fields_.find("names")->get_array()) {
    std::string name(value.get_string());
    if (!std::ranges::binary_search(named, name)) {
      return refuse(problem_of(403, "task " + to_string(task->id()) + " does not name the secret " +
                                        name + ", and is given only those that it names"));
    }
    if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
  }
  return names;
}

bj::object TaskSecrets::give(const std::string& name) {
  const auto value = parts_.secrets->secret(name);
  return {{"name", name},
          {"value", value ? bj::value(to_base64(*value)) : bj::value(nullptr)},
          {"problem",
           value ? bj::value(nullptr) : bj::value(problem_to_json(problem_of(value.error())))}};
}

AuditEntry TaskSecrets::entry_of(AuditOutcome outcome, std::int64_t count,
                                 std::string reason) const {
  return {.at = parts_.ledger.ledger.now(),
          .who = call_.who.name,
          .from = call_.request.peer,
          .operation = "readTaskSecrets",
          .subject = std::string(utf8_prefix(call_.at("id"), kNameBytesMax)),
          .count = count,
          .outcome = outcome,
          .reason = std::move(reason)};
}

Status TaskSecrets::keep_given(std::int64_t count, std::string which) {
  if (parts_.audit == nullptr) return {};
  const AuditEntry entry = entry_of(AuditOutcome::done, count, std::move(which));
  return parts_.audit->log().put({&entry, 1});
}

void TaskSecrets::keep_refused(std::string reason) {
  if (parts_.audit == nullptr) return;
  parts_.audit->keep_soon(entry_of(AuditOutcome::refused, 0, std::move(reason)));
}

}  // namespace

void add_secret_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listSecrets"] = [&parts](const Call&) { return list_secrets(parts); };
  handlers["putSecret"] = [&parts](const Call& call) { return put_secret(parts, call); };
  handlers["readTaskSecrets"] = [&parts](const Call& call) {
    return TaskSecrets(parts, call).run();
  };
  handlers["removeSecret"] = [&parts](const Call& call) { return remove_secret(parts, call); };
}

}  // namespace waybill::http
