#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/run_ids.h"
#include "apps/waybill/commands/run_wait.h"
#include "apps/waybill/commands/task_request.h"
#include "apps/waybill/commands/user.h"
#include "base/json.h"
#include "core/pipeline/kept_run_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Exit print_changed(Session& session, Doing doing, const pipeline::KeptRun& run,
                   std::string_view done) {
  Output& output = session.output();
  if (output.json()) {
    output.json_line(answer(doing, bj::object{{"run", pipeline::run_to_json(run)}}));
  } else {
    output.note("run " + to_string(run.id) + (doing == Doing::dry ? " would be " : " is ") +
                std::string(done));
  }
  return 0;
}

Exit cancel_run(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  auto desk = OpenDesk::open(session, opened_for(doing, OpenStore::existing));
  if (!desk) return fail(desk.error());
  auto run = find_run(**desk, invocation.positionals[0]);
  if (!run) return fail(run.error());
  const bool at_once = invocation.has("at-once");
  if (is_ended(run->state)) return fail(run_has_ended(run->id));
  if (doing == Doing::really) {
    run = (*desk)->cancel(run->id,
                          {.stop = at_once ? pipeline::Stop::at_once : pipeline::Stop::cancel,
                           .by = "cli:" + user_name(),
                           .reason = invocation.text("reason")});
    if (!run) return fail(run.error());
    keep_in_audit_log(session, desk->store(), invocation.command, to_string(run->id));
  }
  return print_changed(
      session, doing, *run,
      at_once ? "asked to end at once" : "asked to end, when its clean-up steps have run");
}

Exit retry_run(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  auto desk = OpenDesk::open(session, opened_for(doing, OpenStore::existing));
  if (!desk) return fail(desk.error());
  const auto of = find_run(**desk, invocation.positionals[0]);
  if (!of) return fail(of.error());
  const std::vector<std::string> pairs(invocation.positionals.begin() + 1,
                                       invocation.positionals.end());
  // Other params are put over those that the run had.
  std::optional<std::string> params;
  if (invocation.has("params") || !pairs.empty()) {
    Invocation given = invocation;
    if (!invocation.has("params")) given.values["params"] = {of->params};
    auto read = read_params_option(given, pairs, pipeline_schema(session, of->pipeline));
    if (!read) return fail(read.error());
    params = std::move(*read);
  }
  const auto start =
      (*desk)->plan_retry({.id = UuidMaker(session.rng()).next(session.clock().now()),
                           .of = of->id,
                           .params = std::move(params),
                           .anew = invocation.texts("anew"),
                           .created_by = "cli:" + user_name()});
  if (!start) return fail(start.error());
  if (doing == Doing::dry) {
    const auto made = (*desk)->prepare(*start);
    if (!made) return fail(without_definitions(session, made.error()));
    return print_changed(session, doing, *of, "retried by a run that reuses what it did");
  }
  const auto run = (*desk)->start(*start);
  if (!run) return fail(without_definitions(session, run.error()));
  keep_in_audit_log(session, desk->store(), invocation.command, to_string(run->id));
  if (invocation.has("wait")) return wait_for_run(session, *desk, run->id);
  print_started(session, *run);
  return 0;
}

Exit decide_run(Session& session, const Invocation& invocation, bool approved) {
  const Doing doing = doing_of(invocation);
  auto desk = OpenDesk::open(session, opened_for(doing, OpenStore::existing));
  if (!desk) return fail(desk.error());
  auto run = find_run(**desk, invocation.positionals[0]);
  if (!run) return fail(run.error());
  const std::string path = invocation.positionals.size() > 1 ? invocation.positionals[1] : "";
  const auto wait = (*desk)->approval(run->id, path);
  if (!wait) return fail(wait.error());
  if (doing == Doing::really) {
    run = (*desk)->decide(
        run->id, wait->path,
        {.approved = approved, .by = "cli:" + user_name(), .comment = invocation.text("comment")});
    if (!run) return fail(run.error());
    keep_in_audit_log(session, desk->store(), invocation.command,
                      to_string(run->id) + " " + wait->path);
  }
  const std::string done = approved ? "approved at " : "rejected at ";
  return print_changed(session, doing, *run, done + wait->path);
}

Exit approve_run(Session& session, const Invocation& invocation) {
  return decide_run(session, invocation, true);
}
Exit reject_run(Session& session, const Invocation& invocation) {
  return decide_run(session, invocation, false);
}

}  // namespace

std::vector<Command> run_change_commands() {
  const Positional id{"ID", "a run's id, or its beginning"};
  const Positional step{"STEP", "which wait, where there are several", Positional::Times::optional};
  const Option comment{"comment", "TEXT", "kept with the answer, and given to the steps after it"};
  return {
      {.path = "run cancel",
       .summary = "End a run: its clean-up steps still run",
       .examples = {"waybill run cancel 0192f3c1-7a52",
                    "waybill run cancel 0192f3c1-7a52 --at-once --reason 'wrong day'"},
       .positionals = {id},
       .options = {{"at-once", "", "clean-up steps do not run, or end too"},
                   {"reason", "TEXT", "kept with the steps that it ends"},
                   kDryRun},
       .run = cancel_run},
      {.path = "run retry",
       .summary = "Run again what failed in a run, and what comes after that",
       .examples = {"waybill run retry 0192f3c1-7a52 --definitions ./definitions",
                    "waybill run retry 0192f3c1-7a52 day=2026-11-28 --anew fetch --wait"},
       .details =
           "Makes a new run of the pipeline as it is defined now, and prints its id. Steps that "
           "succeeded are reused where nothing of them differs: `waybill run explain` says what "
           "did.",
       .positionals = {id, {"KEY=VALUE", "other params", Positional::Times::any}},
       .options = {{"params", "JSON", "all params anew as a JSON object, or @FILE"},
                   {"anew", "STEP", "do this step again too, and those that need it",
                    Option::Times::many},
                   {"wait", "", "until the run has ended"},
                   kDryRun},
       .run = retry_run},
      {.path = "run approve",
       .summary = "Approve what a run waits for",
       .examples = {"waybill run approve 0192f3c1-7a52",
                    "waybill run approve 0192f3c1-7a52 release --comment 'looks right'"},
       .positionals = {id, step},
       .options = {comment, kDryRun},
       .run = approve_run},
      {.path = "run reject",
       .summary = "Reject what a run waits for: that step fails",
       .examples = {"waybill run reject 0192f3c1-7a52 --comment 'not today'"},
       .positionals = {id, step},
       .options = {comment, kDryRun},
       .run = reject_run}};
}

}  // namespace waybill::cli
