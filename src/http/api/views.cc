// Queues, definitions, kinds, workers.

#include <algorithm>
#include <boost/json.hpp>
#include <map>
#include <span>
#include <utility>

#include "base/json.h"
#include "core/definition_json.h"
#include "core/suggest.h"
#include "core/task_json.h"
#include "http/api/routes.h"
#include "services/queue_view.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

/// Leased tasks that are looked at for the list of workers, in all and at a time.
constexpr std::size_t kLeasedMax = 5000;
constexpr std::size_t kLeasedPage = 500;
constexpr std::size_t kHeldShown = 100;  ///< of one worker

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
  // A queue may be paused before its first task; one that nothing speaks of is a slip of the pen.
  auto known = queues_in(parts.ledger);
  if (!known) return refuse(known.error());
  if (!known->contains(name)) known->merge(queues_in(*parts.definitions()));
  if (!known->contains(name)) return refuse(unknown_queue(name, *known));
  const Status put = parts.ledger.registry.set_queue_paused(name, pause == Pause::pause);
  if (!put) return refuse(put.error());
  auto response = queue_response(parts, call);
  if (!response) return refuse(std::move(response.error()));
  return std::move(*response);
}

bj::object definition_to_json(const Definitions& all, const TaskDefinition& definition) {
  bj::object labels;
  for (const auto& [name, value] : without_source_labels(definition.labels)) labels[name] = value;
  const DefinitionPlace* place = all.place_of("tasks", definition.name);
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
          {"source", place == nullptr ? bj::value(nullptr) : bj::value(source_to_json(*place))},
          {"may", nullptr}};
}

Answer<Reply> list_definitions(const ApiParts& parts) {
  bj::array definitions;
  const auto now = parts.definitions();
  for (const auto& [name, definition] : now->tasks) {
    definitions.push_back(definition_to_json(*now, definition));
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
  const auto now = parts.definitions();
  const auto found = now->tasks.find(call.at("name"));
  if (found == now->tasks.end()) {
    return unknown("task definition", call.at("name"), names_of(now->tasks));
  }
  bj::object definition = definition_to_json(*now, found->second);
  definition["may"] = may_start(parts, call.who, found->second);
  return with_own_etag(call, json_response(definition));
}

Answer<Reply> list_kinds(const ApiParts& parts) {
  bj::array kinds;
  for (const auto& [name, spec_schema] : parts.kinds) {
    kinds.push_back(bj::object{{"name", name}, {"spec_schema", text_to_json(spec_schema)}});
  }
  return json_response(bj::object{{"kinds", std::move(kinds)}});
}

/// What each worker holds, by its name: of one that is not here by our own process, only the ledger
/// knows it.
Answer<std::map<std::string, std::vector<Uuid>>> tasks_by_worker(const ApiParts& parts) {
  std::map<std::string, std::vector<Uuid>> held;
  PageParams params{.filter = {.states = {State::leased}},
                    .order = PageOrder::oldest_first,
                    .limit = kLeasedPage,
                    .bytes_max = 1 << 20};
  for (std::size_t seen = 0; seen < kLeasedMax;) {
    const auto page = parts.ledger.reader.page(params);
    if (!page) return refuse(page.error());
    for (const Task& task : page->tasks) held[task.status.worker].push_back(task.id());
    seen += page->tasks.size();
    if (page->next_cursor.empty()) break;
    params.cursor = page->next_cursor;
  }
  return held;
}

bj::object worker_to_json(const WorkerInfo& worker, std::span<const Uuid> held) {
  bj::array tasks;
  for (const Uuid& id : held.first(std::min(held.size(), kHeldShown))) {
    tasks.emplace_back(to_string(id));
  }
  const auto taken = static_cast<std::uint32_t>(held.size());
  // Who has never said how many it has, has at least those that it uses.
  const std::uint32_t slots = worker.slots == 0 ? taken : worker.slots;
  return {{"name", json::text(worker.name)},
          {"host", json::text(worker.host)},
          {"process_id", worker.process_id},
          {"version", json::text_or_null(worker.version)},
          {"queues", names_to_json(worker.queues)},
          {"kinds", names_to_json(worker.kinds)},
          {"slots", slots},
          {"busy", std::max(worker.busy, std::min(taken, slots))},
          {"tasks", std::move(tasks)},
          {"started_at", time_to_json(worker.started_at)},
          {"seen_at", time_to_json(worker.seen_at)}};
}

/// Those that said that they are there, and those that hold tasks all the same.
Answer<Reply> list_workers(const ApiParts& parts) {
  const auto all = parts.ledger.registry.workers();
  if (!all) return refuse(all.error());
  auto held = tasks_by_worker(parts);
  if (!held) return refuse(std::move(held.error()));
  bj::array workers;
  for (const WorkerInfo& worker : *all) {
    workers.push_back(worker_to_json(worker, (*held)[worker.name]));
    held->erase(worker.name);
  }
  for (const auto& [name, ids] : *held) {
    workers.push_back(worker_to_json(WorkerInfo{.name = name, .host = {}}, ids));
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
  handlers["listWorkers"] = [&parts](const Call&) { return list_workers(parts); };
}

}  // namespace waybill::http
