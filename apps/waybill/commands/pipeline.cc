#include <boost/json.hpp>
#include <set>
#include <string>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/run_ids.h"
#include "apps/waybill/commands/run_views.h"
#include "apps/waybill/commands/run_wait.h"
#include "apps/waybill/commands/task_request.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/signals.h"
#include "base/json.h"
#include "core/pipeline/kept_run_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr Duration kRunLookEvery = std::chrono::milliseconds(100);
constexpr Duration kStepsLookEvery = std::chrono::milliseconds(500);
constexpr std::size_t kStepsAtOnce = 1'000;
constexpr std::size_t kErrorShown = 200;

Exit list_pipelines(Session& session, const Invocation&) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  Output& output = session.output();
  Table table({"NAME", "STEPS", "PARAMS"});
  bj::array array;
  for (const auto& [name, pipeline] : (*definitions)->pipelines) {
    array.push_back(pipeline::pipeline_to_json(pipeline));
    table.add({name, std::to_string(pipeline.steps.size()),
               pipeline.params_schema.empty() ? "any" : printable(pipeline.params_schema, 80)});
  }
  if (output.json()) {
    output.json_line(bj::object{{"pipelines", std::move(array)}});
  } else if (table.empty()) {
    output.note(names_definitions(session.config())
                    ? "no pipelines are defined"
                    : "no definitions: " + std::string(kNameDefinitions));
  } else {
    output.data(table.text(output));
  }
  return 0;
}

Result<StartRun> read_start(Session& session, OpenDesk& desk, const Invocation& invocation) {
  const std::vector<std::string> pairs(invocation.positionals.begin() + 1,
                                       invocation.positionals.end());
  auto params =
      read_params_option(invocation, pairs, pipeline_schema(session, invocation.positionals[0]));
  if (!params) return fail(params.error());
  const auto priority =
      integer_option(invocation, "priority", 0, {.least = kPriorityMin, .most = kPriorityMax});
  if (!priority) return fail(priority.error());
  StartRun start{.id = UuidMaker(session.rng()).next(session.clock().now()),
                 .pipeline = invocation.positionals[0],
                 .params = params->value_or("{}"),
                 .anew = invocation.texts("anew"),
                 .created_by = "cli:" + user_name()};
  if (invocation.has("priority")) start.priority = static_cast<int>(*priority);
  if (invocation.has("id")) {
    const auto id = parse_uuid(invocation.text("id"));
    if (!id) return fail(with_context(id.error(), "--id"));
    start.id = *id;
  }
  if (invocation.has("reuse-from")) {
    const auto before = find_run(*desk, invocation.text("reuse-from"));
    if (!before) return fail(with_context(before.error(), "--reuse-from"));
    start.reuse_from = before->id;
  }
  return start;
}

/// Tells of each step of a run that ends while somebody waits; of instances, those that did not
/// succeed.
class EndedSteps {
 public:
  EndedSteps(Session& session, OpenDesk& desk, const Uuid& id)
      : session_(session), desk_(desk), id_(id) {}

  /// Looks now and then, and whenever it has to.
  Status tell(bool has_to_look) {
    if (session_.output().json()) return {};
    const SteadyTime now = session_.clock().steady_now();
    if (!has_to_look && now < next_look_) return {};
    next_look_ = now + kStepsLookEvery;
    NodeQuery query{.run = id_,
                    .states = {pipeline::NodeState::succeeded, pipeline::NodeState::failed,
                               pipeline::NodeState::cancelled, pipeline::NodeState::skipped},
                    .after = {},
                    .limit = kStepsAtOnce,
                    .with_texts = false};
    for (;;) {
      const auto nodes = desk_->nodes(query);
      if (!nodes) return fail(nodes.error());
      for (const pipeline::KeptNode& node : *nodes) tell_of(node);
      if (nodes->size() < query.limit) break;
      query.after = nodes->back().path;
    }
    is_first_ = false;
    return {};
  }

 private:
  void tell_of(const pipeline::KeptNode& node) {
    if (!told_.insert(node.path).second || is_first_) return;
    const bool succeeded = node.record.state == pipeline::NodeState::succeeded;
    if (succeeded && node.path.ends_with(']')) return;
    std::string line = node.path + " ";
    line += node.is_reused ? "reused" : to_string(node.record.state);
    if (!node.record.error.empty()) line += ": " + printable(node.record.error, kErrorShown);
    session_.output().note(line);
  }

  Session& session_;
  OpenDesk& desk_;
  const Uuid id_;
  SteadyTime next_look_{};
  bool is_first_ = true;  ///< what had ended before is no news
  std::set<std::string> told_;
};

/// Says what would be run; nothing of it needs a ledger.
Exit show_plan(Session& session, const Invocation& invocation) {
  const auto definitions = session.definitions();
  if (!definitions) return fail(definitions.error());
  const std::vector<std::string> pairs(invocation.positionals.begin() + 1,
                                       invocation.positionals.end());
  const std::string& name = invocation.positionals[0];
  const auto params = read_params_option(invocation, pairs, pipeline_schema(session, name));
  if (!params) return fail(params.error());
  const auto plan = pipeline::Plan::make(name, (*definitions)->pipelines, (*definitions)->tasks);
  if (!plan) return fail(without_definitions(session, plan.error()));
  const auto fits = pipeline::Run::open(*plan, {.id = uuid_v5(kTaskNamespace, name),
                                                .params = params->value_or("{}"),
                                                .created_by = "cli:" + user_name(),
                                                .reusable = {}});
  if (!fits) return fail(fits.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(Doing::dry, pipeline::plan_to_json(**plan)));
  } else {
    output.data(plan_text(**plan, output));
  }
  return 0;
}

Exit run_pipeline(Session& session, const Invocation& invocation) {
  if (doing_of(invocation) == Doing::dry) return show_plan(session, invocation);
  auto desk = OpenDesk::open(session, OpenStore::create);
  if (!desk) return fail(desk.error());
  const auto start = read_start(session, *desk, invocation);
  if (!start) return fail(start.error());
  const auto run = (*desk)->start(*start);
  if (!run) return fail(without_definitions(session, run.error()));
  keep_in_audit_log(session, desk->store(), invocation.command, to_string(run->id));
  if (invocation.has("wait")) return wait_for_run(session, *desk, run->id);
  print_started(session, *run);
  return 0;
}

}  // namespace

void print_started(Session& session, const pipeline::KeptRun& run) {
  Output& output = session.output();
  if (output.json()) {
    output.json_line(bj::object{{"run", pipeline::run_to_json(run)}});
  } else {
    output.data(to_string(run.id) + "\n");
  }
}

Exit wait_for_run(Session& session, OpenDesk& desk, const Uuid& id) {
  const Signals signals;
  EndedSteps steps(session, desk, id);
  if (const Status looked = steps.tell(true); !looked) return fail(looked.error());
  if (!session.output().json()) session.output().note("waiting for run " + to_string(id));
  for (;;) {
    const auto run = desk->get(id);
    if (!run) return fail(run.error());
    const bool is_over = is_ended(run->state);
    if (const Status told = steps.tell(is_over); !told) return fail(told.error());
    if (!is_over && signals.number() == 0) {
      session.clock().wait_until(session.clock().steady_now() + kRunLookEvery, signals.token());
      continue;
    }
    Output& output = session.output();
    if (output.json()) {
      output.json_line(bj::object{{"run", pipeline::run_to_json(*run)}});
    } else {
      output.data(run_text(*run, session.clock().now()));
    }
    if (!is_over) {
      output.note("stopped waiting; the run goes on");
      return 128 + signals.number();  // as a shell has it
    }
    return run->state == pipeline::RunState::succeeded ? 0 : 1;
  }
}

std::vector<Command> pipeline_commands() {
  return {
      {.path = "pipeline list",
       .summary = "List the pipelines of the definitions",
       .examples = {"waybill pipeline list --definitions ./definitions"},
       .run = list_pipelines},
      {.path = "pipeline run",
       .summary = "Run a pipeline",
       .examples = {"waybill pipeline run archive day=2026-11-27 --definitions ./definitions",
                    "waybill pipeline run archive --params @params.json --wait",
                    "waybill pipeline run archive day=2026-11-28 --reuse-from 0192f3c1-7a52",
                    "waybill pipeline run archive day=2026-11-27 --dry-run"},
       .details =
           "Prints the run's id when it is on disk. `waybill up` or `waybill serve` carries it on; "
           "`waybill run show` says how it stands. With --wait it ends with 0 if the run "
           "succeeded, 1 if it did not. --dry-run prints the plan.",
       .positionals = {{"NAME", "the pipeline"},
                       {"KEY=VALUE", "params of the run", Positional::Times::any}},
       .options = {{"params", "JSON", "all params as a JSON object, or @FILE"},
                   {"priority", "NUMBER", "of all its tasks, instead of their own"},
                   {"reuse-from", "RUN",
                    "what this run did need not be done again where nothing of it differs"},
                   {"anew", "STEP", "do this step again, and those that need it",
                    Option::Times::many},
                   {"id", "UUID", "the run's id, so that asking again makes no second one"},
                   {"wait", "", "until the run has ended"},
                   kDryRun},
       .run = run_pipeline}};
}

}  // namespace waybill::cli
