#include <boost/json.hpp>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "apps/waybill/signals.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Blocks until every task has ended; `deadline_exceeded` when the time is over before that.
Status wait_for_all(Session& session, Store& store, std::vector<Task>& tasks,
                    const Deadline& deadline) {
  while (true) {
    // Read before looking, so that no change between looking and waiting is missed.
    const auto sequence = store.reader().last_sequence(std::nullopt, deadline);
    if (!sequence) return fail(sequence.error());
    std::int64_t left = 0;
    for (Task& task : tasks) {
      if (is_finished(task.status.state)) continue;
      auto now = store.reader().get(task.id());
      if (!now) return fail(now.error());
      task = std::move(*now);
      if (!is_finished(task.status.state)) ++left;
    }
    if (left == 0) return {};
    session.output().progress("waiting for " + counted(left, "task"));
    if (deadline.stop_requested()) return fail(Code::cancelled, "stopped waiting");
    if (session.clock().steady_now() >= deadline.at) {
      return fail(Code::deadline_exceeded,
                  counted(left, "task") + " did not end in time; see `waybill task why ID`");
    }
    const auto changed = store.reader().last_sequence(*sequence, deadline);
    if (!changed) return fail(changed.error());
  }
}

void print(Output& output, const std::vector<Task>& tasks, Time now) {
  if (output.json()) {
    bj::array array;
    for (const Task& task : tasks) array.push_back(task_to_json(task));
    return output.json_line(bj::object{{"tasks", std::move(array)}});
  }
  Table table({"ID", "STATE", "TASK", "REMARK"});
  for (const Task& task : tasks) {
    table.add({to_string(task.id()), state_cell(task.status.state), title_of(task),
               printable(remark_on(task, now), 80)});
  }
  output.data(table.text(output));
}

Exit wait_for_tasks(Session& session, const Invocation& invocation) {
  const Signals signals;  // before any other thread
  const auto timeout = duration_option(invocation, "for", Duration::zero());
  if (!timeout) return fail(timeout.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  auto tasks = find_tasks((*store)->reader(), invocation.positionals);
  if (!tasks) return fail(tasks.error());
  Deadline deadline{.stop = signals.token()};
  if (invocation.has("for")) deadline.at = session.clock().steady_now() + *timeout;
  const Status waited = wait_for_all(session, **store, *tasks, deadline);
  print(session.output(), *tasks, session.clock().now());
  if (signals.number() != 0) {
    session.output().note("stopped waiting; the tasks go on");
    return 128 + signals.number();  // as a shell has it
  }
  if (!waited) return fail(waited.error());
  for (const Task& task : *tasks) {
    if (task.status.state != State::succeeded) return 1;
  }
  return 0;
}

}  // namespace

Command task_wait_command() {
  return {
      .path = "task wait",
      .summary = "Wait until tasks have ended",
      .examples = {"waybill task wait 0192f3c1-7a52", "waybill task wait 0192f3c1-7a52 --for 10m"},
      .details =
          "Ends with 0 if all succeeded, 1 if one did not, 75 if the time is over, 130 or 143 "
          "if SIGINT or SIGTERM ended it; the tasks go on then.",
      .positionals = {{"ID", "a task's id, or its beginning", Positional::Times::many}},
      .options = {{"for", "DURATION", "wait no longer than this"}},
      .run = wait_for_tasks};
}

}  // namespace waybill::cli
