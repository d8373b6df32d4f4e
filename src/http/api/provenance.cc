// How tasks and runs came about, signed.

#include "base/log.h"
#include "http/api/routes.h"
#include "http/etag.h"
#include "services/provenance_desk.h"

namespace waybill::http {
namespace {

Answer<Reply> envelope_answer(const Call& call, const Result<std::string>& envelope) {
  if (envelope) {
    return with_own_etag(call, {.body = *envelope, .headers = {}, .stream = nullptr});
  }
  if (envelope.error().code != Code::unavailable) return refuse(envelope.error());
  log::error("provenance_not_signed", envelope.error().message);
  return refuse(problem_of(503, "the server cannot sign it now; its log says why"));
}

template <class Gather>
Answer<Reply> get_provenance(const ApiParts& parts, const Call& call, const char* what,
                             Gather gather) {
  if (parts.provenance == nullptr) {
    return refuse(problem_of(501, "this server signs no provenance"));
  }
  const auto id = id_in_path(call, what);
  if (!id) return refuse(id.error());
  const auto facts = gather(*parts.provenance, *id);
  if (!facts) return refuse(facts.error());
  return envelope_answer(call, parts.provenance->envelope(*facts));
}

}  // namespace

void add_provenance_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["getTaskProvenance"] = [&parts](const Call& call) {
    return get_provenance(parts, call, "task",
                          [](const ProvenanceDesk& desk, const Uuid& id) { return desk.task(id); });
  };
  handlers["getRunProvenance"] = [&parts](const Call& call) {
    return get_provenance(parts, call, "run",
                          [](const ProvenanceDesk& desk, const Uuid& id) { return desk.run(id); });
  };
}

}  // namespace waybill::http
