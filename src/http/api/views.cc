// Queues, definitions, kinds, schedules, workers.

#include <boost/json.hpp>
#include <utility>

#include "base/digest.h"
#include "base/json.h"
#include "core/schedule_json.h"
#include "core/suggest.h"
#include "core/task_json.h"
#include "http/api/routes.h"
#include "services/queue_view.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

tl::unexpected<Problem> unknown(std::string_view what, const std::string& name,
                                const std::vector<std::string>& known) {
  return refuse(Error{.code = Code::not_found,
                      .message = "there is no " + std::string(what) + " \"" + name + "\"" +
                                 did_you_mean(name, known)});
}

template <class Map>
std::vector<std::string> names_of(const Map& map) {
  std::vector<std::string> names;
  for (const auto& [name, value] : map) names.push_back(name);
  return names;
}

bj::array names_to_json(const std::vector<std::string>& texts) {
  bj::array names;
  for (const std::string& text : texts) names.emplace_back(text);
  return names;
}

Answer<Reply> list_queues(const ApiParts& parts) {
  const auto views = queue_views(parts.ledger);
  if (!views) return refuse(views.error());
  bj::array queues;
  for (const auto& [name, view] : *views) queues.push_back(queue_to_json(view));
  return json_response(bj::object{{"queues", std::move(queues)}});
}

Answer<QueueView> queue_named(const ApiParts& parts, const std::string& name) {
  const auto views = queue_views(parts.ledger);
  if (!views) return refuse(views.error());
  const auto found = views->find(name);
  if (found == views->end()) return unknown("queue", name, names_of(*views));
  return found->second;
}

/// An answer whose content itself tells two versions of it apart.
Response with_own_etag(const Call& call, Response response) {
  const std::string etag = "\"" + to_hex(sha256(response.body)).substr(0, 32) + "\"";
  return with_etag(call, std::move(response), etag);
}

Answer<Response> queue_response(const ApiParts& parts, const Call& call) {
  const auto view = queue_named(parts, call.at("name"));
  if (!view) return refuse(view.error());
  return json_response(queue_to_json(*view));
}

Answer<Reply> get_queue(const ApiParts& parts, const Call& call) {
  auto response = queue_response(parts, call);
  if (!response) return refuse(std::move(response.error()));
  return with_own_etag(call, std::move(*response));
}

enum class Pause : std::uint8_t { pause, resume };

Answer<Reply> set_paused(const ApiParts& parts, const Call& call, Pause pause) {
  const std::string& name = call.at("name");
  if (!is_name(name)) {
    return refuse(Error{.code = Code::invalid_argument,
                        .message = "the queue's name " + std::string(kNameRule)});
  }
  // A queue may be paused before its first task; to resume one that nobody knows is a mistake.
  if (pause == Pause::resume) {
    if (const auto known = queue_named(parts, name); !known) return refuse(known.error());
  }
  const Status put = parts.ledger.registry.set_queue_paused(name, pause == Pause::pause);
  if (!put) return refuse(put.error());
  auto response = queue_response(parts, call);
  if (!response) return refuse(std::move(response.error()));
  return std::move(*response);
}

bj::object definition_to_json(const TaskDefinition& definition) {
  bj::object labels;
  for (const auto& [name, value] : definition.labels) labels[name] = value;
  return {{"name", definition.name},
          {"kind", definition.kind},
          {"queue", definition.queue},
          {"priority", definition.priority},
          {"timeout", definition.run_time_max == Duration::zero()
                          ? bj::value(nullptr)
                          : bj::value(format_duration(definition.run_time_max))},
          {"retry", retry_to_json(definition.retry)},
          {"labels", std::move(labels)},
          {"params_schema", text_to_json(definition.params_schema)},
          {"spec", text_to_json(definition.spec)},
          {"may", nullptr}};
}

Answer<Reply> list_definitions(const ApiParts& parts) {
  bj::array definitions;
  for (const auto& [name, definition] : parts.definitions) {
    definitions.push_back(definition_to_json(definition));
  }
  return json_response(bj::object{{"definitions", std::move(definitions)}});
}

/// Whether who asks may start its tasks.
bj::value may_start(const ApiParts& parts, const Principal& who, const TaskDefinition& definition) {
  if (parts.rules == nullptr) return nullptr;
  const auto answer = parts.rules->may(who, make_request(definition, "{}"),
                                       {.at = parts.clock.steady_now() + kRulePatience});
  if (!answer) return nullptr;
  bj::value start(answer->is == RuleAnswer::Is::allowed);
  // A rule about a repository of the params can say no more than that before there are any.
  const bool open = definition.who_may && parameter_of(definition.who_may->repository);
  const bool denied = answer->is == RuleAnswer::Is::denied;
  if (answer->is == RuleAnswer::Is::unknown || (open && denied)) start = nullptr;
  return bj::object{{"start", std::move(start)}, {"because", answer->because}};
}

Answer<Reply> get_definition(const ApiParts& parts, const Call& call) {
  const auto found = parts.definitions.find(call.at("name"));
  if (found == parts.definitions.end()) {
    return unknown("task definition", call.at("name"), names_of(parts.definitions));
  }
  bj::object definition = definition_to_json(found->second);
  definition["may"] = may_start(parts, call.who, found->second);
  return with_own_etag(call, json_response(definition));
}

Answer<Reply> list_kinds(const ApiParts& parts) {
  bj::array kinds;
  for (const std::string& kind : parts.kinds) kinds.push_back(bj::object{{"name", kind}});
  return json_response(bj::object{{"kinds", std::move(kinds)}});
}

Answer<Reply> list_schedules(const ApiParts& parts) {
  const auto all = parts.ledger.registry.schedules();
  if (!all) return refuse(all.error());
  const Time now = parts.ledger.ledger.now();
  bj::array schedules;
  for (const Schedule& schedule : *all) schedules.push_back(schedule_to_json(schedule, now));
  return json_response(bj::object{{"schedules", std::move(schedules)}});
}

Answer<Reply> list_workers(const ApiParts& parts) {
  const auto all = parts.ledger.registry.workers();
  if (!all) return refuse(all.error());
  bj::array workers;
  for (const WorkerInfo& worker : *all) {
    workers.push_back(bj::object{{"name", json::text(worker.name)},
                                 {"host", json::text(worker.host)},
                                 {"process_id", worker.process_id},
                                 {"queues", names_to_json(worker.queues)},
                                 {"kinds", names_to_json(worker.kinds)},
                                 {"slots", worker.slots},
                                 {"busy", worker.busy},
                                 {"started_at", time_to_json(worker.started_at)},
                                 {"seen_at", time_to_json(worker.seen_at)}});
  }
  return json_response(bj::object{{"workers", std::move(workers)}});
}

}  // namespace

void add_view_handlers(const ApiParts& parts, Handlers& handlers) {
  handlers["listQueues"] = [&parts](const Call&) { return list_queues(parts); };
  handlers["getQueue"] = [&parts](const Call& call) { return get_queue(parts, call); };
  handlers["pauseQueue"] = [&parts](const Call& call) {
    return set_paused(parts, call, Pause::pause);
  };
  handlers["resumeQueue"] = [&parts](const Call& call) {
    return set_paused(parts, call, Pause::resume);
  };
  handlers["listDefinitions"] = [&parts](const Call&) { return list_definitions(parts); };
  handlers["getDefinition"] = [&parts](const Call& call) { return get_definition(parts, call); };
  handlers["listKinds"] = [&parts](const Call&) { return list_kinds(parts); };
  handlers["listSchedules"] = [&parts](const Call&) { return list_schedules(parts); };
  handlers["listWorkers"] = [&parts](const Call&) { return list_workers(parts); };
}

}  // namespace waybill::http
