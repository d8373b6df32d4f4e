// A task that waits is given another priority or time.

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "core/definition_fields.h"
#include "core/task_json.h"
#include "http/api/routes.h"
#include "http/etag.h"
#include "services/task_change.h"

namespace waybill::http {
namespace {

Answer<event::Amend> amendment_of(const ApiParts& parts, const Call& call) {
  const Fields fields(call.body.get_object());
  event::Amend amend{.by = call.who.name};
  if (fields.has("priority")) amend.priority = static_cast<int>(fields.integer("priority", 0));
  if (fields.has("run_at")) amend.run_at = parse_time(fields.text("run_at")).value();
  if (!fields.has("delay")) return amend;
  const Duration delay = fields.duration("delay", Duration::zero());
  if (delay < Duration::zero()) {
    return refuse(Error{.code = Code::invalid_argument, .message = "/delay: has to be 0 or more"});
  }
  amend.run_at = parts.ledger.ledger.now() + delay;
  return amend;
}

tl::unexpected<Problem> has_changed(const Uuid& id) {
  return refuse(problem_of(412, "task " + to_string(id) +
                                    " has changed since it was read; read it again, and decide "
                                    "anew"));
}

/// The task after it, if it is still the one that the caller has read.
Answer<Task> amend_if_unchanged(const ApiParts& parts, const Call& call, const Uuid& id,
                                const event::Amend& amend) {
  const auto task = parts.ledger.reader.get(id);
  if (!task) return refuse(task.error());
  const std::string_view header = call.request.header("if-match");
  if (!names_etag(header, etag_of(*task), EtagsAre::strong)) return has_changed(id);
  auto after = change_task_as_read(parts.ledger, *task, amend, parts.chance());
  if (after) return std::move(*after);
  if (after.error().code == Code::aborted) return has_changed(id);
  return refuse(after.error());
}

Answer<Task> amend_task(const ApiParts& parts, const Call& call, const Uuid& id) {
  const auto amend = amendment_of(parts, call);
  if (!amend) return refuse(amend.error());
  if (call.request.has_header("if-match")) return amend_if_unchanged(parts, call, id, *amend);
  auto after = change_task(parts.ledger, id, *amend, parts.chance());
  if (!after) return refuse(after.error());
  return std::move(*after);
}

Answer<Reply> patch_task(const ApiParts& parts, const Call& call) {
  const auto id = id_in_path(call);
  if (!id) return refuse(id.error());
  if (auto allowed = may_change(parts, call, *id); !allowed) {
    return refuse(std::move(allowed.error()));
  }
  const auto task = amend_task(parts, call, *id);
  if (!task) return refuse(task.error());
  Response response = json_response(task_to_json(*task));
  response.headers.emplace_back("ETag", etag_of(*task));
  return response;
}

}  // namespace

void add_amend_handler(const ApiParts& parts, Handlers& handlers) {
  handlers["patchTask"] = [&parts](const Call& call) { return patch_task(parts, call); };
}

}  // namespace waybill::http
