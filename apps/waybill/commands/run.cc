#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/run_ids.h"
#include "apps/waybill/commands/run_views.h"
#include "apps/waybill/commands/run_wait.h"
#include "apps/waybill/commands/views.h"
#include "base/json.h"
#include "core/pipeline/kept_run_json.h"
#include "core/suggest.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Result<std::vector<pipeline::RunState>> run_states_of(const Invocation& invocation) {
  std::vector<pipeline::RunState> states;
  for (const std::string& text : invocation.texts("state")) {
    if (text == "live") {
      states.insert(states.end(), {pipeline::RunState::waiting, pipeline::RunState::running});
      continue;
    }
    const auto state = pipeline::parse_run_state(text);
    if (!state) {
      const std::vector<std::string> known = {"live",      "waiting", "running",
                                              "succeeded", "failed",  "cancelled"};
      return fail(Code::invalid_argument,
                  "--state: there is no state \"" + text + "\"" + did_you_mean(text, known));
    }
    states.push_back(*state);
  }
  return states;
}

/// Of params and outputs of the runs of one list: more are told of, and asked for by a cursor.
constexpr std::size_t kListBytesMax = std::size_t{8} << 20;

Exit list_runs(Session& session, const Invocation& invocation) {
  auto states = run_states_of(invocation);
  if (!states) return fail(states.error());
  const auto limit = integer_option(invocation, "limit", 50, {.least = 1, .most = 10'000});
  if (!limit) return fail(limit.error());
  const auto after = time_option(invocation, "created-after");
  if (!after) return fail(after.error());
  const auto before = time_option(invocation, "created-before");
  if (!before) return fail(before.error());
  auto desk = OpenDesk::open(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto page = (*desk)->page({.states = std::move(*states),
                                   .pipeline = invocation.text("pipeline"),
                                   .created_by = invocation.text("created-by"),
                                   .created_after = *after,
                                   .created_before = *before,
                                   .cursor = invocation.text("cursor"),
                                   .limit = static_cast<std::size_t>(*limit),
                                   .bytes_max = kListBytesMax});
  if (!page) return fail(page.error());
  Output& output = session.output();
  const Time now = session.clock().now();
  bj::array array;
  Table table({"ID", "PIPELINE", "STATE", "CREATED", "BY", "REMARK"});
  for (const pipeline::KeptRun& run : page->runs) {
    array.push_back(pipeline::run_to_json(run));
    table.add({to_string(run.id), run.pipeline, run_state_cell(run.state),
               relative(run.created_at, now), printable(run.created_by, 40),
               printable(run.error.empty() ? run.outputs : run.error, 60)});
  }
  if (output.json()) {
    output.json_line(bj::object{{"runs", std::move(array)},
                                {"next_cursor", json::text_or_null(page->next_cursor)}});
    return 0;
  }
  if (table.empty()) {
    output.note("no run; start one with `waybill pipeline run NAME`");
    return 0;
  }
  output.data(table.text(output));
  if (!page->next_cursor.empty()) output.note("there are more: --cursor " + page->next_cursor);
  return 0;
}

Exit show_run(Session& session, const Invocation& invocation) {
  auto desk = OpenDesk::open(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto run = find_run(**desk, invocation.positionals[0]);
  if (!run) return fail(run.error());
  if (invocation.has("wait") && !is_ended(run->state)) {
    return wait_for_run(session, *desk, run->id);
  }
  const auto nodes = (*desk)->all_nodes(run->id);
  if (!nodes) return fail(nodes.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array array;
    for (const pipeline::KeptNode& node : *nodes) {
      if (!node.path.empty()) array.push_back(pipeline::node_to_json(run->id, node));
    }
    output.json_line(bj::object{{"run", pipeline::run_to_json(*run)}, {"nodes", std::move(array)}});
    return 0;
  }
  output.data(run_text(*run, session.clock().now()));
  const std::string table = nodes_text(*nodes, output);
  if (!table.empty()) output.data("\n" + table);
  return 0;
}

Exit show_graph(Session& session, const Invocation& invocation) {
  auto desk = OpenDesk::open(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto run = find_run(**desk, invocation.positionals[0]);
  if (!run) return fail(run.error());
  const auto plan = (*desk)->plan_of(*run);
  if (!plan) return fail(plan.error());
  const auto nodes = (*desk)->all_nodes(run->id);
  if (!nodes) return fail(nodes.error());
  Output& output = session.output();
  if (output.json()) {
    bj::array states;
    for (const pipeline::KeptNode& node : *nodes) {
      if (node.path.empty()) continue;
      states.push_back(
          {{"path", json::text(node.path)}, {"state", json::text(to_string(node.record.state))}});
    }
    bj::object graph = pipeline::plan_to_json(**plan);
    graph["run"] = to_string(run->id);
    graph["nodes"] = std::move(states);
    output.json_line(graph);
    return 0;
  }
  GraphForm form = GraphForm::text;
  if (invocation.has("mermaid")) form = GraphForm::mermaid;
  if (invocation.has("dot")) form = GraphForm::dot;
  output.data(graph_of({.plan = **plan, .nodes = *nodes, .form = form}));
  return 0;
}

std::string sentence_of(const StepReason& reason) {
  switch (reason.is) {
    case StepReason::Is::reused:
      return "reused";
    case StepReason::Is::is_new:
      return "done: the other run has no such step";
    case StepReason::Is::unfinished:
      return "done: it did not succeed there";
    case StepReason::Is::asked:
      return "done, although nothing differs: it was to be done anew";
    case StepReason::Is::undecided:
      return "not begun";
    case StepReason::Is::differs:
      break;
  }
  if (reason.fields == std::vector<std::string>{"artifacts"}) {
    return "done: its files (artifacts) are not kept any more";
  }
  std::string text = "done: ";
  for (const std::string& field : reason.fields) {
    text += (&field == reason.fields.data() ? "" : ", ") + field;
  }
  return text + (reason.fields.size() == 1 ? " differs" : " differ");
}

Exit explain_run(Session& session, const Invocation& invocation) {
  auto desk = OpenDesk::open(session, OpenStore::reading);
  if (!desk) return fail(desk.error());
  const auto run = find_run(**desk, invocation.positionals[0]);
  if (!run) return fail(run.error());
  Uuid other;
  if (invocation.has("against")) {
    const auto found = find_run(**desk, invocation.text("against"));
    if (!found) return fail(with_context(found.error(), "--against"));
    other = found->id;
  }
  const auto reasons = (*desk)->explain(run->id, other);
  if (!reasons) return fail(reasons.error());
  Output& output = session.output();
  Table table({"STEP", "WHY"});
  for (const StepReason& reason : *reasons) table.add({reason.path, sentence_of(reason)});
  if (output.json()) {
    output.json_line(bj::object{{"run", to_string(run->id)}, {"steps", to_json(*reasons)}});
  } else if (table.empty()) {
    output.note("no step has begun");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

}  // namespace

std::vector<Command> run_commands() {
  const Positional id{"ID", "a run's id, or its beginning"};
  return {
      {.path = "run list",
       .summary = "List runs of pipelines, newest first",
       .examples = {"waybill run list", "waybill run list --state failed --pipeline archive",
                    "waybill run list --state live --json"},
       .options = {{"state", "STATE", "live, waiting, running, succeeded, failed or cancelled",
                    Option::Times::many},
                   {"pipeline", "NAME", "only runs of this pipeline"},
                   {"created-by", "WHO", "only runs made by this, e.g. cli:ann"},
                   {"created-after", "TIME", "only runs made then or later (RFC 3339)"},
                   {"created-before", "TIME", "only runs made before"},
                   {"limit", "NUMBER", "at most this many, 50 if not given"},
                   {"cursor", "CURSOR", "go on where the last list ended"}},
       .run = list_runs},
      {.path = "run show",
       .summary = "Show a run and how its steps stand",
       .examples = {"waybill run show 0192f3c1-7a52", "waybill run show 0192f3c1-7a52 --wait"},
       .positionals = {id},
       .options = {{"wait", "", "until the run has ended"}},
       .run = show_run},
      {.path = "run graph",
       .summary = "Draw a run's steps, and what each needs",
       .examples = {"waybill run graph 0192f3c1-7a52",
                    "waybill run graph 0192f3c1-7a52 --dot | dot -Tsvg > run.svg"},
       .positionals = {id},
       .options = {{"dot", "", "in Graphviz's language"}, {"mermaid", "", "as a Mermaid chart"}},
       .run = show_graph},
      {.path = "run explain",
       .summary = "Say why steps were done, or reused what another run did",
       .examples = {"waybill run explain 0192f3c1-7a52",
                    "waybill run explain 0192f3c1-7a52 --against 0192f3c0-11d0"},
       .positionals = {id},
       .options = {{"against", "RUN", "held against this run, not the one that it reuses"}},
       .run = explain_run}};
}

}  // namespace waybill::cli
