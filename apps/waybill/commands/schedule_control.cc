// Schedules are looked at, paused, and run outside their times.

#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/schedule_json.h"
#include "core/task_json.h"
#include "services/schedule_desk.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::int64_t kFiresShown = 5;
constexpr std::int64_t kFiresMax = 100;

Exit with_list_advice(Error error) {
  if (error.code == Code::not_found) error.message += "; list them with `waybill schedule list`";
  return fail(std::move(error));
}

Exit show_schedule(Session& session, const Invocation& invocation) {
  const auto count =
      integer_option(invocation, "next", kFiresShown, {.least = 0, .most = kFiresMax});
  if (!count) return fail(count.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto schedule = ScheduleDesk(parts_of(**store)).find(invocation.positionals[0]);
  if (!schedule) return with_list_advice(schedule.error());
  const Time now = session.clock().now();
  Output& output = session.output();
  const auto fires = static_cast<std::size_t>(*count);
  if (output.json()) {
    output.json_line(schedule_to_json(*schedule, now, fires));
    return 0;
  }
  const TaskRequest& task = schedule->task;
  std::string text = schedule->name + ": " + schedule->cron + " (" + schedule->zone + "), from " +
                     schedule->source + ", makes " +
                     (task.definition.empty() ? task.kind : task.definition) + " in queue " +
                     task.queue + "\n";
  if (schedule->is_paused()) text += printable(pause_in_words(*schedule), 2000) + "\n";
  for (const Time fire : next_fires_of(*schedule, now, fires)) {
    text += format_time(fire) + "  " + relative(fire, now) + "\n";
  }
  output.data(text);
  return 0;
}

enum class Pause : std::uint8_t { pause, resume };

/// What becomes of it; a dry run changes nothing.
Result<Schedule> change(Session& session, Store& store, const Invocation& invocation, Pause pause) {
  ScheduleDesk desk(parts_of(store));
  const std::string& name = invocation.positionals[0];
  const std::string who = "cli:" + user_name();
  const std::string reason = pause == Pause::pause ? invocation.text("reason") : "";
  if (doing_of(invocation) == Doing::really) {
    auto changed = pause == Pause::pause ? desk.pause(name, who, reason) : desk.resume(name);
    if (changed) keep_in_audit_log(session, store, invocation.command, name);
    return changed;
  }
  auto schedule = desk.find(name);
  if (!schedule) return schedule;
  if (pause == Pause::pause) {
    schedule->pause = {.at = session.clock().now(), .by = who, .reason = reason};
    return schedule;
  }
  schedule->pause = {};
  if (const Status may = may_resume(*schedule); !may) return fail(may.error());
  return schedule;
}

Exit set_paused(Session& session, const Invocation& invocation, Pause pause) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  const auto schedule = change(session, **store, invocation, pause);
  if (!schedule) return with_list_advice(schedule.error());
  const Time now = session.clock().now();
  Output& output = session.output();
  const std::string title = "schedule " + schedule->name;
  if (output.json()) {
    output.json_line(answer(doing, schedule_to_json(*schedule, now)));
  } else if (pause == Pause::pause) {
    output.note(title + (doing == Doing::dry ? " would be paused" : " is paused"));
  } else {
    output.note(
        title +
        (doing == Doing::dry ? " would go on, and fire next at " : " goes on, and fires next at ") +
        format_time(next_fire_of(*schedule, now)));
  }
  return 0;
}

Exit pause_schedule(Session& session, const Invocation& invocation) {
  return set_paused(session, invocation, Pause::pause);
}

Exit resume_schedule(Session& session, const Invocation& invocation) {
  return set_paused(session, invocation, Pause::resume);
}

Exit run_schedule(Session& session, const Invocation& invocation) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  const auto schedule = ScheduleDesk(parts_of(**store)).find(invocation.positionals[0]);
  if (!schedule) return with_list_advice(schedule.error());
  const Time now = session.clock().now();
  const TaskRequest request =
      task_now(*schedule, UuidMaker(session.rng()).next(now), "cli:" + user_name());
  Task task{.request = request, .created_at = now};
  task.status = accept(request, 0, now).status;
  if (doing == Doing::really) {
    const auto inserted = (*store)->ledger().insert({&request, 1});
    if (!inserted) return fail(inserted.error());
    keep_in_audit_log(session, **store, "schedule run", schedule->name);
  }
  if (session.output().json()) {
    session.output().json_line(
        answer(doing, {{"created", doing == Doing::really}, {"task", task_to_json(task)}}));
  } else if (doing == Doing::dry) {
    session.output().note("schedule " + schedule->name + " would make a task now");
  } else {
    session.output().data(to_string(request.id) + "\n");
  }
  return 0;
}

}  // namespace

std::vector<Command> schedule_control_commands() {
  return {
      {.path = "schedule show",
       .summary = "Show a schedule, and when it fires next",
       .examples = {"waybill schedule show nightly --next 10"},
       .positionals = {{"NAME", "the schedule"}},
       .options = {{"next", "NUMBER", "so many of its next times, 5 if not given"}},
       .run = show_schedule},
      {.path = "schedule pause",
       .summary = "Keep a schedule from firing until it is resumed",
       .examples = {"waybill schedule pause nightly --reason 'the archive is being moved'"},
       .details = "Also over restarts, and over changes of its definition. Nothing is owed for the "
                  "time that it was paused.",
       .positionals = {{"NAME", "the schedule"}},
       .options = {{"reason", "TEXT", "why, for those who list the schedules"}, kDryRun},
       .run = pause_schedule},
      {.path = "schedule resume",
       .summary = "Let a paused schedule fire again",
       .examples = {"waybill schedule resume nightly"},
       .positionals = {{"NAME", "the schedule"}},
       .options = {kDryRun},
       .run = resume_schedule},
      {.path = "schedule run",
       .summary = "Make the task of a schedule now, outside its times",
       .examples = {"waybill schedule run nightly"},
       .details =
           "Prints the id of the task when it is on disk. What the schedule owes stays as it "
           "is, also where it is paused.",
       .positionals = {{"NAME", "the schedule"}},
       .options = {kDryRun},
       .run = run_schedule}};
}

}  // namespace waybill::cli
