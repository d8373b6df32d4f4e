#include "core/provenance/statement.h"

#include <boost/json.hpp>
#include <set>
#include <utility>

#include "base/base64.h"
#include "base/digest.h"
#include "base/json.h"
#include "core/definition.h"
#include "core/ipfs/cid.h"
#include "core/provenance/materials.h"
#include "core/task_json.h"

namespace waybill::provenance {
namespace {

namespace bj = boost::json;

constexpr std::string_view kStatementType = "https://in-toto.io/Statement/v1";
constexpr std::string_view kPredicateType = "https://slsa.dev/provenance/v1";
constexpr std::string_view kTaskBuild = "https://waybill.dev/provenance/task/v1";
constexpr std::string_view kRunBuild = "https://waybill.dev/provenance/run/v1";
/// Of a result that the statement holds itself, not by its digest alone.
constexpr std::size_t kContentBytesMax = std::size_t{64} << 10;

/// No artifact's name has an empty part, so what has one is none.
constexpr std::string_view kNoFile = "//";

void add_artifacts(const std::string& prefix, const std::vector<Artifact>& artifacts,
                   bj::array& subjects) {
  for (const Artifact& artifact : artifacts) {
    subjects.push_back({{"name", prefix + artifact.name},
                        {"mediaType", artifact.media_type},
                        {"digest", bj::object{{"sha256", artifact.sha256}}}});
  }
}

/// What a task put on IPFS.
void add_cid(const Task& task, bj::array& subjects) {
  if (!task.request.kind.starts_with("ipfs.add") || task.status.state != State::succeeded) return;
  const bj::value result = text_to_json(task.status.result);
  const bj::value* said = result.is_object() ? result.get_object().if_contains("cid") : nullptr;
  if (said == nullptr || !said->is_string()) return;
  const auto cid = ipfs::parse_cid(std::string(said->get_string()));
  if (!cid) return;
  const std::string uri = "ipfs://" + to_string(*cid);
  subjects.push_back(
      {{"name", uri}, {"uri", uri}, {"digest", bj::object{{"ipfsCid", to_string(*cid)}}}});
}

/// The JSON that it came to, by the digest of its bytes: so there always is a subject.
bj::object result_subject(const std::string& name, const std::string& result) {
  return {{"name", name}, {"digest", bj::object{{"sha256", to_hex(sha256(result))}}}};
}

bj::object result_byproduct(const std::string& name, const std::string& result) {
  bj::object descriptor = result_subject(name, result);
  descriptor["mediaType"] = "application/json";
  if (result.size() <= kContentBytesMax) descriptor["content"] = to_base64(result);
  return descriptor;
}

bj::object labels_json(const Labels& labels) {
  bj::object object;
  for (const auto& [name, value] : without_source_labels(labels))
    object[name] = without_passwords(value);
  return object;
}

bj::object builder_json(std::string_view ledger) {
  return {{"id", "urn:waybill:ledger:" + std::string(ledger)}};
}

bj::object task_metadata(const Task& task) {
  const TaskStatus& status = task.status;
  return {{"invocationId", "urn:uuid:" + to_string(task.id())},
          {"startedOn", time_to_json(status.started_at)},
          {"finishedOn", time_to_json(status.finished_at)},
          {"waybill_createdOn", time_to_json(task.created_at)},
          {"waybill_createdBy", json::text_or_null(task.request.created_by)},
          {"waybill_state", json::text(to_string(status.state))},
          {"waybill_attempt", status.attempt},
          {"waybill_fence", status.fence},
          {"waybill_worker", json::text_or_null(status.worker)},
          {"waybill_error", json::text_or_null(without_passwords(status.error))}};
}

/// Members that are not known are left out, as the schema has no null.
bj::object without_nulls(const bj::object& object) {
  bj::object out;
  for (const auto& member : object) {
    if (!member.value().is_null()) out[member.key()] = member.value();
  }
  return out;
}

struct Parts {
  bj::array subjects;
  std::string_view build_type;
  bj::object external;
  bj::object internal;
  bj::array materials;
  std::string_view ledger;
  bj::object metadata;
  bj::array byproducts;
};

std::string statement_text(Parts parts) {
  const bj::object build{{"buildType", json::text(parts.build_type)},
                         {"externalParameters", std::move(parts.external)},
                         {"internalParameters", std::move(parts.internal)},
                         {"resolvedDependencies", std::move(parts.materials)}};
  const bj::object run{{"builder", builder_json(parts.ledger)},
                       {"metadata", without_nulls(parts.metadata)},
                       {"byproducts", std::move(parts.byproducts)}};
  return json::canonical(
      bj::object{{"_type", json::text(kStatementType)},
                 {"subject", std::move(parts.subjects)},
                 {"predicateType", json::text(kPredicateType)},
                 {"predicate", bj::object{{"buildDefinition", build}, {"runDetails", run}}}});
}

/// A task of a run, as one of the things that came of the run.
bj::object step_byproduct(const StepFacts& step) {
  const bj::object annotations = task_metadata(step.task);
  bj::object shown = without_nulls(annotations);
  shown.erase("invocationId");
  shown["kind"] = step.task.request.kind;
  shown["definition"] = json::text_or_null(step.task.request.definition);
  shown["params"] = shown_json(step.task.request.params);
  bj::object descriptor = result_subject(step.path, step.task.status.result);
  descriptor["uri"] = "urn:uuid:" + to_string(step.task.id());
  descriptor["annotations"] = without_nulls(shown);
  return descriptor;
}

bj::array run_materials(const RunFacts& facts) {
  bj::array all;
  std::set<std::string> seen;
  all.push_back({{"name", "plan"}, {"digest", bj::object{{"sha256", facts.run.plan}}}});
  std::set<std::string> own;
  for (const StepFacts& step : facts.steps) own.insert("urn:uuid:" + to_string(step.task.id()));
  for (const StepFacts& step : facts.steps) {
    for (const bj::value& material : materials_of(step.task)) {
      const bj::value* uri = material.get_object().if_contains("uri");
      if (uri != nullptr && own.contains(std::string(uri->get_string()))) continue;
      if (seen.insert(json::canonical(material)).second) all.push_back(material);
    }
  }
  return all;
}

bj::object run_metadata(const pipeline::KeptRun& run) {
  return {{"invocationId", "urn:uuid:" + to_string(run.id)},
          {"startedOn", time_to_json(run.started_at)},
          {"finishedOn", time_to_json(run.ended_at)},
          {"waybill_createdOn", time_to_json(run.created_at)},
          {"waybill_createdBy", json::text_or_null(run.created_by)},
          {"waybill_state", json::text(to_string(run.state))},
          {"waybill_error", json::text_or_null(without_passwords(run.error))}};
}

std::string text_under(const bj::value& value, std::initializer_list<std::string_view> path) {
  const bj::value* at = &value;
  for (const std::string_view name : path) {
    at = at->is_object() ? at->get_object().if_contains(name) : nullptr;
    if (at == nullptr) return {};
  }
  return at->is_string() ? std::string(at->get_string()) : std::string();
}

tl::unexpected<Error> no_statement(const std::string& why) {
  return fail(Code::invalid_argument, "it is signed, but is no statement of provenance: " + why);
}

/// A path of an artifact, or of one below the path of a step.
bool stays_inside(std::string_view name) {
  for (const char c : name) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '\\' || c == 0x7f) return false;
  }
  for (;;) {
    const std::string_view part = name.substr(0, name.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
}

Status read_subject(const bj::value& subject, Said& said) {
  const std::string name = text_under(subject, {"name"});
  const std::string cid = text_under(subject, {"digest", "ipfsCid"});
  if (!cid.empty()) said.cids.push_back(cid);
  if (name.find(kNoFile) != name.npos) return {};
  std::string digest = text_under(subject, {"digest", "sha256"});
  if (!is_sha256_hex(digest)) return no_statement("a subject has no SHA-256");
  if (!stays_inside(name)) return no_statement("the name of a subject leads out of a directory");
  said.files.push_back({.name = name, .sha256 = std::move(digest)});
  return {};
}

}  // namespace

std::string statement_of(const TaskFacts& facts) {
  const Task& task = facts.task;
  const std::string name = "waybill://task/" + to_string(task.id()) + "/result";
  bj::array subjects;
  add_artifacts("", facts.artifacts, subjects);
  add_cid(task, subjects);
  subjects.push_back(result_subject(name, task.status.result));
  return statement_text({.subjects = std::move(subjects),
                         .build_type = kTaskBuild,
                         .external = {{"definition", json::text(task.request.definition)},
                                      {"kind", task.request.kind},
                                      {"params", shown_json(task.request.params)}},
                         .internal = {{"spec", shown_json(task.request.spec)},
                                      {"queue", task.request.queue},
                                      {"labels", labels_json(task.request.labels)}},
                         .materials = materials_of(task),
                         .ledger = facts.ledger,
                         .metadata = task_metadata(task),
                         .byproducts = {result_byproduct(name, task.status.result)}});
}

std::string statement_of(const RunFacts& facts) {
  const std::string name = "waybill://run/" + to_string(facts.run.id) + "/outputs";
  bj::array subjects;
  bj::array byproducts{result_byproduct(name, facts.run.outputs)};
  for (const StepFacts& step : facts.steps) {
    add_artifacts(step.path + "/", step.artifacts, subjects);
    add_cid(step.task, subjects);
    byproducts.push_back(step_byproduct(step));
  }
  subjects.push_back(result_subject(name, facts.run.outputs));
  bj::array reused;
  for (const std::string& path : facts.reused) reused.push_back(json::text(path));
  bj::object internal{{"reused", std::move(reused)}};
  if (!facts.run.reuse_from.is_nil()) {
    internal["reuse_from"] = "urn:uuid:" + to_string(facts.run.reuse_from);
  }
  return statement_text({.subjects = std::move(subjects),
                         .build_type = kRunBuild,
                         .external = {{"pipeline", json::text(facts.run.pipeline)},
                                      {"params", shown_json(facts.run.params)}},
                         .internal = std::move(internal),
                         .materials = run_materials(facts),
                         .ledger = facts.ledger,
                         .metadata = run_metadata(facts.run),
                         .byproducts = std::move(byproducts)});
}

Result<Said> read_statement(std::string_view statement) {
  const auto value = json::parse(statement);
  if (!value) return no_statement(value.error().message);
  if (text_under(*value, {"_type"}) != kStatementType)
    return no_statement("its _type is another one");
  if (text_under(*value, {"predicateType"}) != kPredicateType) {
    return no_statement("its predicateType is another one");
  }
  const bj::value* subjects = value->get_object().if_contains("subject");
  if (subjects == nullptr || !subjects->is_array() || subjects->get_array().empty()) {
    return no_statement("it has no subject");
  }
  const auto metadata = [&](std::string_view name) {
    return text_under(*value, {"predicate", "runDetails", "metadata", name});
  };
  Said said{.invocation = metadata("invocationId"),
            .state = metadata("waybill_state"),
            .finished_on = metadata("finishedOn"),
            .files = {},
            .cids = {}};
  for (const bj::value& subject : subjects->get_array()) {
    if (const Status read = read_subject(subject, said); !read) return fail(read.error());
  }
  return said;
}

}  // namespace waybill::provenance
