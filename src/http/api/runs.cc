// Pipelines, and runs of them: started, looked at, answered, ended, done again.

#include <boost/json.hpp>
#include <utility>

#include "base/json.h"
#include "core/pipeline/kept_run_json.h"
#include "http/api/cursor.h"
#include "http/api/routes.h"
#include "http/api/run_rules.h"
#include "services/run_desk.h"

namespace waybill::http {
namespace {

namespace bj = boost::json;

using pipeline::KeptRun;

Answer<KeptRun> run_in_path(const RunDesk& desk, const Call& call) {
  const auto id = id_in_path(call, "run");
  if (!id) return refuse(id.error());
  auto run = desk.get(*id);
  if (!run) return refuse(run.error());
  return std::move(*run);
}

Answer<Uuid> id_in(const Fields& fields, const std::string& name) {
  if (!fields.has(name) || fields.find(name)->is_null()) return Uuid{};
  const auto id = parse_uuid(fields.text(name));
  if (!id) return refuse(with_context(id.error(), "/" + name));
  return *id;
}

std::vector<std::string> texts_in(const Fields& fields, std::string_view name) {
  std::vector<std::string> texts;
  const bj::value* found = fields.find(name);
  if (found == nullptr) return texts;
  for (const bj::value& each : found->get_array()) texts.emplace_back(each.get_string());
  return texts;
}

Answer<Reply> list_pipelines(const ApiParts& parts, const Call&) {
  bj::array array;
  const auto now = parts.runs->definitions();
  for (const auto& [name, definition] : now->pipelines) {
    array.push_back(pipeline::pipeline_to_json(definition));
  }
  return json_response(bj::object{{"pipelines", std::move(array)}});
}

Answer<Reply> get_pipeline(const ApiParts& parts, const Call& call) {
  const auto found = parts.runs->pipeline(call.at("name"));
  if (!found) return refuse(found.error());
  return json_response(pipeline::pipeline_to_json(*found));
}

/// Nothing is kept of it.
Answer<Reply> plan_run(const ApiParts& parts, const Call& call) {
  const StartRun start{.id = parts.new_id(),
                       .pipeline = call.at("name"),
                       .params = Fields(call.body.get_object()).json("params", "{}"),
                       .created_by = call.who.name};
  const auto plan = parts.runs->plan(start.pipeline);
  if (!plan) return refuse(plan.error());
  if (auto may = may_start(parts, call.who, **plan, start.params); !may) {
    return refuse(std::move(may.error()));
  }
  if (const auto made = parts.runs->prepare(start); !made) return refuse(made.error());
  return json_response(pipeline::plan_to_json(**plan));
}

/// Under a key the run's id follows from it, so that a crash before the answer makes no second one.
Uuid new_run_id(const ApiParts& parts, const Call& call) {
  if (call.key.empty()) return parts.new_id();
  return uuid_v5(kTaskNamespace,
                 "run\n" + call.request.path + "\n" + call.who.name + "\n" + call.key);
}

Answer<Reply> start_run(const ApiParts& parts, const Call& call, const StartRun& start) {
  const auto plan = parts.runs->plan(start.pipeline);
  if (!plan) return refuse(plan.error());
  if (auto may = may_start(parts, call.who, **plan, start.params); !may) {
    return refuse(std::move(may.error()));
  }
  const auto before = parts.runs->get(start.id);
  // What cannot be run is the caller's mistake, and no trouble of the store.
  if (!before) {
    if (const auto made = parts.runs->prepare(start); !made) return refuse(made.error());
  }
  const auto run = parts.runs->start(start);
  if (!run && run.error().code == Code::already_exists) {
    return refuse(call.key.empty() ? problem_of(409, run.error().message) : key_reused());
  }
  if (!run) return refuse_storage(run.error());
  Response response = json_response(pipeline::run_to_json(*run), before ? 200 : 201);
  response.headers.emplace_back("Location", "/v1/runs/" + to_string(run->id));
  return response;
}

Answer<Reply> create_run(const ApiParts& parts, const Call& call) {
  const Fields fields(call.body.get_object());
  auto id = id_in(fields, "id");
  if (!id) return refuse(std::move(id.error()));
  const auto reuse_from = id_in(fields, "reuse_from");
  if (!reuse_from) return refuse(reuse_from.error());
  StartRun start{.id = id->is_nil() ? new_run_id(parts, call) : *id,
                 .pipeline = fields.text("pipeline"),
                 .params = fields.json("params", "{}"),
                 .reuse_from = *reuse_from,
                 .anew = texts_in(fields, "anew"),
                 .created_by = call.who.name};
  if (fields.has("priority")) start.priority = static_cast<int>(fields.integer("priority", 0));
  return start_run(parts, call, start);
}

Answer<Reply> list_runs(const ApiParts& parts, const Call& call) {
  const Query& query = call.query;
  auto cursor = cursor_in(call);
  if (!cursor) return refuse(std::move(cursor.error()));
  RunQuery asked{.states = {},
                 .pipeline = query.text("pipeline"),
                 .created_by = query.text("created_by"),
                 .created_after = time_in(query, "created_after"),
                 .created_before = time_in(query, "created_before"),
                 .cursor = std::move(*cursor),
                 .limit = static_cast<std::size_t>(query.integer("limit")),
                 .bytes_max = kPageBytesMax};
  for (const std::string& state : query.texts("state")) {
    asked.states.push_back(pipeline::parse_run_state(state).value());
  }
  const auto page = parts.runs->page(asked);
  if (!page) return refuse(page.error());
  bj::array runs;
  for (const KeptRun& run : page->runs) runs.push_back(pipeline::run_to_json(run));
  return json_response(
      bj::object{{"runs", std::move(runs)}, {"next_cursor", next_cursor(call, page->next_cursor)}});
}

Answer<Reply> get_run(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  return json_response(pipeline::run_to_json(*run));
}

Answer<Reply> get_plan(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  const auto plan = parts.runs->plan_of(*run);
  if (!plan) return refuse(plan.error());
  return json_response(pipeline::plan_to_json(**plan));
}

Answer<Reply> list_nodes(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  NodeQuery query{.run = run->id,
                  .after = call.query.text("after"),
                  .limit = static_cast<std::size_t>(call.query.integer("limit")),
                  .bytes_max = kPageBytesMax};
  for (const std::string& state : call.query.texts("state")) {
    query.states.push_back(pipeline::parse_node_state(state).value());
  }
  const auto nodes = parts.runs->nodes(query);
  if (!nodes) return refuse(nodes.error());
  bj::array array;
  for (const pipeline::KeptNode& node : *nodes) {
    array.push_back(pipeline::node_to_json(run->id, node));
  }
  const bool more = is_full(*nodes, query);
  return json_response(
      bj::object{{"nodes", std::move(array)},
                 {"next_after", more ? json::text_or_null(nodes->back().path) : nullptr}});
}

Answer<Reply> cancel_run(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  if (auto may = may_change_run(parts, call.who, *run); !may) {
    return refuse(std::move(may.error()));
  }
  const Fields fields(call.body.get_object());
  const auto after = parts.runs->cancel(
      run->id,
      {.stop = fields.flag("at_once", false) ? pipeline::Stop::at_once : pipeline::Stop::cancel,
       .by = call.who.name,
       .reason = fields.text("reason")});
  if (!after) return refuse(after.error());
  return json_response(pipeline::run_to_json(*after));
}

Answer<Reply> retry_run(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  if (auto may = may_change_run(parts, call.who, *run); !may) {
    return refuse(std::move(may.error()));
  }
  const Fields fields(call.body.get_object());
  RetryRun retry{.id = new_run_id(parts, call),
                 .of = run->id,
                 .anew = texts_in(fields, "anew"),
                 .created_by = call.who.name};
  if (fields.has("params")) retry.params = fields.json("params", "{}");
  const auto start = parts.runs->plan_retry(retry);
  if (!start) return refuse(start.error());
  return start_run(parts, call, *start);
}

Answer<Reply> explain_run(const ApiParts& parts, const Call& call) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  Uuid against = run->reuse_from;
  if (call.query.has("against")) {
    const auto other = parse_uuid(call.query.text("against"));
    if (!other) return refuse(with_context(other.error(), "against"));
    against = *other;
  }
  const auto reasons = parts.runs->explain(run->id, against);
  if (!reasons) return refuse(reasons.error());
  return json_response(bj::object{
      {"run", to_string(run->id)}, {"against", to_string(against)}, {"steps", to_json(*reasons)}});
}

Answer<Reply> decide_run(const ApiParts& parts, const Call& call, bool approved) {
  const auto run = run_in_path(*parts.runs, call);
  if (!run) return refuse(run.error());
  const Fields fields(call.body.get_object());
  const auto wait = parts.runs->approval(run->id, fields.text("path"));
  if (!wait) return refuse(wait.error());
  if (auto may = may_decide(parts, call.who, *run, *wait->wait); !may) {
    return refuse(std::move(may.error()));
  }
  const auto after = parts.runs->decide(
      run->id, wait->path,
      {.approved = approved, .by = call.who.name, .comment = fields.text("comment")});
  if (!after) return refuse(after.error());
  return json_response(pipeline::run_to_json(*after));
}

}  // namespace

void add_run_handlers(const ApiParts& parts, Handlers& handlers) {
  using Serve = Answer<Reply> (*)(const ApiParts&, const Call&);
  const auto add = [&](const char* operation, Serve serve) {
    handlers[operation] = [&parts, serve](const Call& call) -> Answer<Reply> {
      if (parts.runs != nullptr) return serve(parts, call);
      return refuse(Error{.code = Code::unimplemented, .message = "this server runs no pipelines"});
    };
  };
  add("listPipelines", list_pipelines);
  add("getPipeline", get_pipeline);
  add("planRun", plan_run);
  add("createRun", create_run);
  add("listRuns", list_runs);
  add("getRun", get_run);
  add("getRunPlan", get_plan);
  add("listRunNodes", list_nodes);
  add("cancelRun", cancel_run);
  add("retryRun", retry_run);
  add("explainRun", explain_run);
  add("approveRun",
      [](const ApiParts& on, const Call& call) { return decide_run(on, call, true); });
  add("rejectRun",
      [](const ApiParts& on, const Call& call) { return decide_run(on, call, false); });
}

}  // namespace waybill::http
