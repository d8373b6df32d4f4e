#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_request.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/pipeline/start_spec.h"
#include "core/schedule.h"
#include "core/schedule_json.h"
#include "core/suggest.h"
#include "core/task_json.h"
#include "services/schedule_desk.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

std::string what_it_makes(const TaskRequest& task) {
  if (task.kind == pipeline::kStartKind) {
    if (const auto spec = pipeline::read_start_spec(task.spec)) return "pipeline " + spec->pipeline;
  }
  return task.definition.empty() ? task.kind : task.definition;
}

Exit list_schedules(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto schedules = (*store)->registry().schedules();
  if (!schedules) return fail(schedules.error());
  Output& output = session.output();
  const Time now = session.clock().now();
  if (output.json()) {
    bj::array array;
    for (const Schedule& schedule : *schedules) array.push_back(schedule_to_json(schedule, now));
    output.json_line(bj::object{{"schedules", std::move(array)}});
    return 0;
  }
  Table table({"SCHEDULE", "CRON", "ZONE", "TASK", "NEXT", "", "FROM"});
  for (const Schedule& schedule : *schedules) {
    const Time next = next_fire_of(schedule, now);
    table.add(
        {schedule.name,
         schedule.cron,
         schedule.zone,
         what_it_makes(schedule.task),
         next == Time{} ? "never" : format_time(next),
         {schedule.is_paused() ? printable(pause_in_words(schedule), 120) : relative(next, now),
          Colour::yellow},
         schedule.source});
  }
  if (table.empty()) {
    output.note("no schedules; define them in --definitions, or see `waybill schedule add --help`");
  } else {
    output.data(table.text(output));
  }
  return 0;
}

Result<Schedule> read_schedule(Session& session, const Invocation& invocation) {
  Schedule schedule;
  schedule.name = invocation.positionals[0];
  schedule.cron = invocation.positionals[1];
  schedule.source = "cli";
  if (invocation.has("zone")) schedule.zone = invocation.text("zone");
  const std::string catch_up = invocation.has("catch-up") ? invocation.text("catch-up") : "one";
  if (catch_up != "none" && catch_up != "one" && catch_up != "all") {
    return fail(Code::invalid_argument, "--catch-up: \"" + catch_up + "\" is not none, one or all");
  }
  schedule.catch_up = catch_up == "none"  ? CatchUp::none
                      : catch_up == "all" ? CatchUp::all
                                          : CatchUp::one;
  const std::string daylight = invocation.has("daylight") ? invocation.text("daylight") : "once";
  if (daylight != "once" && daylight != "skip" && daylight != "both") {
    return fail(Code::invalid_argument,
                "--daylight: \"" + daylight + "\" is not once, skip or both");
  }
  schedule.daylight = daylight == "skip"   ? DaylightPolicy::skip
                      : daylight == "both" ? DaylightPolicy::both
                                           : DaylightPolicy::once;
  const std::string definition = invocation.positionals.size() > 2 ? invocation.positionals[2] : "";
  auto task = read_task_request(session, invocation, definition);
  if (!task) return fail(task.error());
  schedule.task = std::move(*task);
  schedule.task.id = Uuid{};
  schedule.task.created_by = "schedule:" + schedule.name;
  schedule.handled_until = session.clock().now();  // what was before it was made is not owed
  return schedule;
}

/// A schedule that files define comes back with them.
Status warn_of_definition(Session& session, Registry& registry, const std::string& name,
                          std::string_view what_to_do) {
  const auto schedules = registry.schedules();
  if (!schedules) return fail(schedules.error());
  for (const Schedule& schedule : *schedules) {
    if (schedule.name != name || schedule.source == "cli") continue;
    session.output().note("schedule " + name + " is defined in " + schedule.source + ": " +
                          std::string(what_to_do));
  }
  return {};
}

Status warn_of_definition_of(Session& session, Registry& registry, const Schedule& schedule) {
  return warn_of_definition(session, registry, schedule.name,
                            "change it there too, or the next `waybill up` brings that back");
}

/// With the pause that one of its name had, which stands.
Status put_schedule(Session& session, Schedule& schedule) {
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  Registry& registry = (*store)->registry();
  if (Status warned = warn_of_definition_of(session, registry, schedule); !warned) return warned;
  if (Status put = registry.put_schedule(schedule); !put) return put;
  const auto stored = ScheduleDesk(parts_of(**store)).find(schedule.name);
  if (!stored) return fail(stored.error());
  schedule.pause = stored->pause;
  keep_in_audit_log(session, **store, "schedule add", schedule.name);
  return {};
}

/// Warns as put_schedule() does; without a ledger there is nothing to warn of.
Status look_at_schedule(Session& session, const Schedule& schedule) {
  const Status there = require_ledger(session.config());
  if (!there && there.error().code == Code::not_found) return {};
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  return warn_of_definition_of(session, (*store)->registry(), schedule);
}

Exit add_schedule(Session& session, const Invocation& invocation) {
  auto schedule = read_schedule(session, invocation);
  if (!schedule) return fail(schedule.error());
  if (const Status status = check_schedule(*schedule); !status) return fail(status.error());
  const Doing doing = doing_of(invocation);
  const Status done = doing == Doing::really ? put_schedule(session, *schedule)
                                             : look_at_schedule(session, *schedule);
  if (!done) return fail(done.error());
  const Time now = session.clock().now();
  if (session.output().json()) {
    session.output().json_line(answer(doing, schedule_to_json(*schedule, now)));
  } else if (schedule->is_paused()) {
    session.output().note("schedule " + schedule->name + " is " + pause_in_words(*schedule));
  } else {
    const std::string_view fires = doing == Doing::dry ? " would fire next at " : " fires next at ";
    session.output().note("schedule " + schedule->name + std::string(fires) +
                          format_time(next_fire_of(*schedule, now)));
  }
  return 0;
}

Exit remove_schedule(Session& session, const Invocation& invocation) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  const auto schedules = (*store)->registry().schedules();
  if (!schedules) return fail(schedules.error());
  std::vector<std::string> known;
  for (const Schedule& schedule : *schedules) {
    known.push_back(schedule.name);
  }
  if (std::find(known.begin(), known.end(), name) == known.end()) {
    return fail(Code::not_found, "there is no schedule \"" + name + "\"" +
                                     did_you_mean(name, known) +
                                     "; list them with `waybill schedule list`");
  }
  const Status warned = warn_of_definition(session, (*store)->registry(), name,
                                           "remove it there too, or it comes back");
  if (!warned) return fail(warned.error());
  if (doing == Doing::really) {
    const Status removed = (*store)->registry().remove_schedule(name);
    if (!removed) return fail(removed.error());
    keep_in_audit_log(session, **store, "schedule remove", name);
  }
  if (session.output().json()) {
    session.output().json_line(answer(doing, {{"removed", name}}));
  } else if (doing == Doing::dry) {
    session.output().note("schedule " + name + " would be removed");
  } else {
    session.output().note("schedule " + name + " is removed; tasks that it made stay");
  }
  return 0;
}

}  // namespace

std::vector<Command> schedule_commands() {
  std::vector<Option> options = task_request_options();
  options.insert(options.end(),
                 {{"pipeline", "NAME", "a run of this pipeline instead of a task"},
                  {"zone", "ZONE", "IANA time zone, UTC if not given"},
                  {"catch-up", "WHAT", "of what was missed: none, one (the last), all"},
                  {"daylight", "POLICY",
                   "for local times that are skipped or repeated: once, skip, "
                   "both"},
                  kDryRun});
  return {
      {.path = "schedule list",
       .summary = "List schedules with their next time",
       .examples = {"waybill schedule list"},
       .run = list_schedules},
      {.path = "schedule add",
       .summary = "Make a task whenever a cron expression falls due",
       .examples = {"waybill schedule add nightly '0 3 * * *' -- /usr/local/bin/report",
                    "waybill schedule add sums '@hourly' sum-window --zone Europe/Berlin "
                    "--definitions ./defs",
                    "waybill schedule add mirror '0 4 1 * *' --pipeline wikipedia-mirror "
                    "--param lang=en --definitions ./defs"},
       .details = "A schedule of the same name is replaced; if it was paused, it stays so.",
       .positionals = {{"NAME", "the schedule"},
                       {"CRON", "minute hour day-of-month month day-of-week, or @daily …"},
                       {"DEFINITION", "name of a task definition", Positional::Times::optional}},
       .options = std::move(options),
       .surplus_hint = "; a cron expression is one argument: put it in quotes",
       .rest = "PROGRAM ARGUMENTS...",
       .run = add_schedule},
      {.path = "schedule remove",
       .summary = "Remove a schedule; tasks that it made stay",
       .examples = {"waybill schedule remove nightly"},
       .positionals = {{"NAME", "the schedule"}},
       .options = {kDryRun},
       .run = remove_schedule}};
}

}  // namespace waybill::cli
