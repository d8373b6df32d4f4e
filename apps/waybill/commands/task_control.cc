#include <unistd.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <functional>
#include <optional>
#include <utility>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/user.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/task_json.h"
#include "core/transition.h"
#include "services/task_change.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// One that was sent again, or would be.
Result<Task> send_again(Store& store, const Task& task, Doing doing) {
  const Time now = store.ledger().now();
  const Resend how{.by = "cli:" + user_name(), .key = std::to_string(to_micros(now))};
  if (doing == Doing::really) return resend(parts_of(store), task, how);
  auto request = resend_request(task, how);
  if (!request) return fail(request.error());
  Task again{.request = std::move(*request), .created_at = now};
  again.status = accept(again.request, 0, now).status;
  return again;
}

/// Gives the task as it is then, or would be.
Result<Task> apply_event(Session& session, Store& store, const Task& task, const Event& event,
                         Doing doing) {
  const double chance = session.rng().unit();
  return doing == Doing::dry ? foresee_change(parts_of(store), task.id(), event, chance)
                             : change_task(parts_of(store), task.id(), event, chance);
}

/// What became of a task, or would.
std::string line_of(const Task& task, const Task& after, Doing doing,
                    const std::function<std::string(const Task&)>& said) {
  const std::string id = to_string(task.id());
  const bool is_other = after.id() != task.id();
  if (doing == Doing::dry) return id + " would be " + (is_other ? "sent again" : said(after));
  if (is_other) return id + " sent again as " + to_string(after.id()) + ", " + said(after);
  return id + " " + said(after);
}

/// Applies an event to every task that was named, each by itself; none: sends them again.
Exit apply_to_all(Session& session, const Invocation& invocation, const std::optional<Event>& event,
                  const std::function<std::string(const Task&)>& said) {
  const Doing doing = doing_of(invocation);
  const auto store = session.store(opened_for(doing, OpenStore::existing));
  if (!store) return fail(store.error());
  const auto tasks = find_tasks((*store)->reader(), invocation.positionals);
  if (!tasks) return fail(tasks.error());
  Output& output = session.output();
  bj::array changed;
  int exit = 0;
  for (const Task& task : *tasks) {
    const auto after = event ? apply_event(session, **store, task, *event, doing)
                             : send_again(**store, task, doing);
    if (!after) {
      output.error(after.error());
      exit = exit_status(after.error().code);
      continue;
    }
    if (doing == Doing::really) {
      keep_in_audit_log(session, **store, invocation.command, to_string(task.id()));
    }
    changed.push_back(task_to_json(*after));
    if (!output.json()) output.data(line_of(task, *after, doing, said) + "\n");
  }
  if (output.json()) output.json_line(answer(doing, {{"tasks", std::move(changed)}}));
  return exit;
}

Exit cancel_tasks(Session& session, const Invocation& invocation) {
  const event::Cancel cancel{.by = "cli:" + user_name(), .reason = invocation.text("reason")};
  return apply_to_all(session, invocation, cancel, [](const Task& task) -> std::string {
    return task.status.state == State::cancelled ? "cancelled" : "asked to end";
  });
}

Exit retry_tasks(Session& session, const Invocation& invocation) {
  std::optional<Event> event;
  if (!invocation.has("again")) event = event::Retry{.by = "cli:" + user_name()};
  return apply_to_all(session, invocation, event,
                      [](const Task& task) { return std::string(to_string(task.status.state)); });
}

Result<event::Amend> read_amendment(Session& session, const Invocation& invocation) {
  event::Amend amend{.by = "cli:" + user_name()};
  const bool timed = invocation.has("run-at") || invocation.has("delay");
  if (!invocation.has("priority") && !timed) {
    return fail(Code::invalid_argument,
                "what is to change? Give --priority NUMBER, --run-at TIME or --delay DURATION");
  }
  if (invocation.has("run-at") && invocation.has("delay")) {
    return fail(Code::invalid_argument, "--run-at and --delay: give one of them");
  }
  const auto priority =
      integer_option(invocation, "priority", 0, {.least = kPriorityMin, .most = kPriorityMax});
  if (!priority) return fail(priority.error());
  if (invocation.has("priority")) amend.priority = static_cast<int>(*priority);
  const auto at = time_option(invocation, "run-at");
  if (!at) return fail(at.error());
  const auto delay = duration_option(invocation, "delay", Duration::zero());
  if (!delay) return fail(delay.error());
  if (timed) amend.run_at = invocation.has("run-at") ? *at : session.clock().now() + *delay;
  return amend;
}

Exit edit_tasks(Session& session, const Invocation& invocation) {
  const auto amend = read_amendment(session, invocation);
  if (!amend) return fail(amend.error());
  return apply_to_all(session, invocation, *amend, [](const Task& task) {
    std::string said(to_string(task.status.state));
    if (task.status.state == State::scheduled) said += " for " + format_time(task.status.run_at);
    return said + ", priority " + std::to_string(task.request.priority);
  });
}

}  // namespace

std::string user_name() {
  for (const char* variable : {"SUDO_USER", "USER", "LOGNAME"}) {
    const char* name = std::getenv(variable);
    if (name != nullptr && *name != '\0') return name;
  }
  return "uid-" + std::to_string(::getuid());
}

Command task_cancel_command() {
  return {.path = "task cancel",
          .summary = "End tasks: waiting ones at once, running ones as soon as they let go",
          .examples = {"waybill task cancel 0192f3c1-7a52",
                       "waybill task cancel 0192f3c1-7a52 0192f3c2-9d14 --reason 'wrong bucket'"},
          .positionals = {{"ID", "a task's id, or its beginning", Positional::Times::many}},
          .options = {{"reason", "TEXT", "kept in the task's history"}, kDryRun},
          .run = cancel_tasks};
}

Command task_edit_command() {
  return {
      .path = "task edit",
      .summary = "Give tasks that have not ended another priority or time",
      .examples = {"waybill task edit 0192f3c1-7a52 --priority 10",
                   "waybill task edit 0192f3c1-7a52 --delay 2h",
                   "waybill task edit 0192f3c1-7a52 --run-at 2026-12-01T02:00:00Z"},
      .positionals = {{"ID", "a task's id, or its beginning", Positional::Times::many}},
      .options = {{"priority", "NUMBER", "-100 to 100, higher first"},
                  {"run-at", "TIME", "not before this time (RFC 3339); one that has come: at once"},
                  {"delay", "DURATION", "not before this time has passed; 0s: at once"},
                  kDryRun},
      .run = edit_tasks};
}

Command task_retry_command() {
  return {
      .path = "task retry",
      .summary = "Run failed or cancelled tasks again, their counters anew",
      .examples = {"waybill task retry 0192f3c1-7a52", "waybill task retry --again 0192f3c1-7a52"},
      .positionals = {{"ID", "a task's id, or its beginning", Positional::Times::many}},
      .options = {{"again", "",
                   "send notifications that were delivered once more, each as a new task"},
                  kDryRun},
      .run = retry_tasks};
}

}  // namespace waybill::cli
