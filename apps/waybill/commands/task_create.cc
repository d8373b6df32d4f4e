#include <boost/json.hpp>
#include <utility>

#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/task_request.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

Status read_references(LedgerReader& reader, const Invocation& invocation, TaskRequest& request) {
  for (const std::string& text : invocation.texts("after")) {
    const auto task = find_task(reader, text);
    if (!task) return fail(with_context(task.error(), "--after"));
    request.waits_for.push_back(task->id());
  }
  return {};
}

Exit print_created(Output& output, LedgerReader& reader, const Inserted& inserted) {
  const auto task = reader.get(inserted.id);
  if (!task) return fail(task.error());
  const bool is_new = inserted.outcome == InsertOutcome::inserted;
  if (output.json()) {
    output.json_line(bj::object{{"created", is_new}, {"task", task_to_json(*task)}});
    return 0;
  }
  if (!is_new) output.note("a task with this id or key is there already: " + title_of(*task));
  output.data(to_string(inserted.id) + "\n");
  return 0;
}

Exit create_task(Session& session, const Invocation& invocation) {
  const std::string definition = invocation.positionals.empty() ? "" : invocation.positionals[0];
  auto request = read_task_request(session, invocation, definition);
  if (!request) return fail(request.error());
  if (invocation.has("id")) {
    const auto id = parse_uuid(invocation.text("id"));
    if (!id) return fail(with_context(id.error(), "--id"));
    request->id = *id;
  }
  if (invocation.has("dry-run")) {
    Task task{.request = *request, .created_at = session.clock().now()};
    task.status = accept(*request, 0, task.created_at).status;
    session.output().json_line(bj::object{{"created", false}, {"task", task_to_json(task)}});
    return 0;
  }
  const auto store = session.store(OpenStore::create);
  if (!store) return fail(store.error());
  if (const Status read = read_references((*store)->reader(), invocation, *request); !read) {
    return fail(read.error());
  }
  const auto inserted = (*store)->ledger().insert({&*request, 1});
  if (!inserted) return fail(inserted.error());
  if (inserted->front().outcome == InsertOutcome::inserted) {
    keep_in_audit_log(session, **store, "task create", to_string(inserted->front().id));
  }
  return print_created(session.output(), (*store)->reader(), inserted->front());
}

}  // namespace

Command task_create_command() {
  std::vector<Option> options = task_request_options();
  options.insert(options.end(),
                 {{"delay", "DURATION", "not before this time has passed"},
                  {"at", "TIME", "not before this moment, e.g. 2026-12-24T18:00:00Z"},
                  {"after", "ID", "not before this task has succeeded", Option::Times::many},
                  {"key", "KEY", "no second task with this key while the first is live"},
                  {"id", "UUID", "the task's id, so that asking again makes no second one"},
                  {"dry-run", "", "print the task as JSON, and make none"}});
  return {.path = "task create",
          .summary = "Make a task: from a definition, a program, or of any kind",
          .examples = {"waybill task create -- echo hello",
                       "waybill task create verify-batch --param batch=7 --definitions ./defs",
                       "waybill task create --kind noop --delay 10m --key nightly",
                       "waybill task create sum --after 0192f3c1-7a52 --params '{\"day\": 3}' "
                       "--definitions ./defs"},
          .details =
              "Prints the id of the task when it is on disk. `waybill up` or `waybill "
              "worker` runs it. What a program is given and what it can say: "
              "docs/reference/command-tasks.md.",
          .positionals = {{"DEFINITION", "name of a task definition", Positional::Times::optional}},
          .options = std::move(options),
          .rest = "PROGRAM ARGUMENTS...",
          .run = create_task};
}

}  // namespace waybill::cli
