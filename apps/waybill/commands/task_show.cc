#include <boost/json.hpp>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/notify.h"
#include "core/proof.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Everything that is known about one task.
struct Shown {
  Task task;
  std::vector<HistoryEntry> history;
  std::vector<Dependency> dependencies;
  LedgerReader::Reported reported;
};

Result<Shown> gather(LedgerReader& reader, const std::string& text) {
  auto task = find_task(reader, text);
  if (!task) return fail(task.error());
  auto history = reader.history(task->id());
  if (!history) return fail(history.error());
  auto dependencies = reader.dependencies(task->id());
  if (!dependencies) return fail(dependencies.error());
  auto reported = reader.reported(task->id());
  if (!reported) return fail(reported.error());
  return Shown{std::move(*task), std::move(*history), std::move(*dependencies),
               std::move(*reported)};
}

bj::object to_json(const Shown& shown) {
  bj::object object = task_to_json(shown.task);
  bj::array dependencies;
  for (const Dependency& dependency : shown.dependencies) {
    dependencies.push_back(bj::object{{"id", to_string(dependency.id)},
                                      {"state", json::text(to_string(dependency.state))}});
  }
  bj::array history;
  for (const HistoryEntry& entry : shown.history) history.push_back(history_to_json(entry));
  object["dependencies"] = std::move(dependencies);
  object["progress"] = text_to_json(shown.reported.progress);
  object["checkpoint"] = text_to_json(shown.reported.checkpoint);
  object["history"] = std::move(history);
  return object;
}

/// Lines of "name  value", those without a value left out.
class Facts {
 public:
  explicit Facts(const Output& output) : output_(output) {}
  void add(std::string_view name, const Cell& value) {
    if (value.text.empty() || value.text == "{}") return;
    std::string label(name);
    label.resize(12, ' ');
    text_ += output_.paint(label, Colour::grey) +
             output_.paint(printable(value.text, 2000), value.colour) + "\n";
  }
  const std::string& text() const { return text_; }

 private:
  const Output& output_;
  std::string text_;
};

/// "failed, cancelled: mail to ops@example.org"
std::string notify_in_words(const bj::object& rule) {
  const auto joined = [&](const char* list) {
    std::string text;
    for (const bj::value& each : rule.at(list).as_array()) {
      if (!text.empty()) text += ", ";
      text += std::string_view(each.as_string());
    }
    return text;
  };
  const bj::value& url = rule.at("url");
  const std::string where =
      url.is_null() ? "mail to " + joined("to") : "post to " + std::string(url.as_string());
  return joined("on") + ": " + where;
}

std::string moment(Time time, Time now) {
  return time == Time{} ? "" : format_time(time) + "  (" + relative(time, now) + ")";
}

std::string facts(const Output& output, const Shown& shown, Time now) {
  const TaskRequest& request = shown.task.request;
  const TaskStatus& status = shown.task.status;
  Facts facts(output);
  facts.add("id", to_string(request.id));
  facts.add("state", state_cell(status.state));
  facts.add("task", title_of(shown.task) + " (" + request.kind + ")");
  facts.add("queue", request.queue);
  if (request.priority != 0) facts.add("priority", std::to_string(request.priority));
  facts.add("created", moment(shown.task.created_at, now) +
                           (request.created_by.empty() ? "" : " by " + request.created_by));
  if (status.state == State::scheduled) facts.add("due", moment(status.run_at, now));
  facts.add("started", moment(status.started_at, now));
  facts.add("finished", moment(status.finished_at, now));
  facts.add("worker", status.worker);
  facts.add("lease until", moment(status.lease_until, now));
  facts.add("attempts", std::to_string(status.attempt) + ", " + std::to_string(status.failures) +
                            " of at most " + std::to_string(request.retry.failures_max) +
                            " transient failures");
  facts.add("error", {status.error, Colour::red});
  if (status.cancel.requested()) {
    facts.add("cancel", moment(status.cancel.requested_at, now) + " by " + status.cancel.by +
                            (status.cancel.reason.empty() ? "" : ": " + status.cancel.reason));
  }
  for (const Dependency& dependency : shown.dependencies) {
    facts.add("waits for",
              to_string(dependency.id) + " " + std::string(to_string(dependency.state)));
  }
  for (const auto& [name, value] : request.labels) facts.add("label", name + "=" + value);
  facts.add("dedup key", request.dedup_key);
  const bj::value rules = notify_to_json(request.notify);
  if (rules.is_null()) facts.add("notify", "its rules cannot be read; see waybill db check");
  if (rules.is_array()) {
    for (const bj::value& rule : rules.get_array()) {
      facts.add("notify", notify_in_words(rule.as_object()));
    }
  }
  facts.add("params", request.params);
  facts.add("spec", request.spec);
  facts.add("progress", shown.reported.progress);
  // A task that did not succeed has the proof of how it was ended, if it was.
  const bool ended = status.state != State::succeeded;
  facts.add(ended ? "proof" : "result", ended ? proof_in_words(status.result) : status.result);
  return facts.text();
}

std::string history_table(const Output& output, const Shown& shown) {
  Table table({"AT", "HAPPENED", "STATE", "ATTEMPT", "FENCE", "WORKER", "REASON"});
  for (const HistoryEntry& entry : shown.history) {
    table.add({format_time(entry.at), std::string(to_string(entry.happening)),
               state_cell(entry.state), std::to_string(entry.attempt), std::to_string(entry.fence),
               entry.worker, printable(entry.reason, 80)});
  }
  return table.text(output);
}

Exit show_task(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto shown = gather((*store)->reader(), invocation.positionals[0]);
  if (!shown) return fail(shown.error());
  Output& output = session.output();
  if (output.json()) {
    output.json_line(to_json(*shown));
  } else {
    output.data(facts(output, *shown, session.clock().now()) + "\n" +
                history_table(output, *shown));
  }
  return 0;
}

}  // namespace

Command task_show_command() {
  return {.path = "task show",
          .summary = "Show everything about a task, with its history",
          .examples = {"waybill task show 0192f3c1-7a52-7c11-9f6e-0d8d3a1b2c3d",
                       "waybill task show 0192f3c1-7a52 --json"},
          .positionals = {{"ID", "the task's id, or its beginning"}},
          .run = show_task};
}

}  // namespace waybill::cli
