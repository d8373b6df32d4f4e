#include <boost/json.hpp>
#include <map>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/suggest.h"
#include "services/queue_view.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

void print(Output& output, const std::map<std::string, QueueView>& views) {
  if (views.empty()) return output.note("no queues yet; the first task makes one");
  std::vector<std::string> titles = {"QUEUE", "LIMIT"};
  for (int state = 0; state < kStateCount; ++state) {
    std::string title(to_string(static_cast<State>(state)));
    for (char& c : title) c = static_cast<char>(c - 'a' + 'A');
    titles.push_back(std::move(title));
  }
  titles.emplace_back("");
  Table table(std::move(titles));
  for (const auto& [name, view] : views) {
    const std::uint32_t limit = view.settings.concurrency_max;
    std::vector<Cell> row = {name, limit == 0 ? "none" : std::to_string(limit)};
    for (const std::int64_t count : view.counts.by_state) row.emplace_back(std::to_string(count));
    row.emplace_back(view.settings.paused ? "paused" : "", Colour::yellow);
    table.add(std::move(row));
  }
  output.data(table.text(output));
}

Exit list_queues(Session& session, const Invocation&) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto views = queue_views(parts_of(**store));
  if (!views) return fail(views.error());
  if (!session.output().json()) {
    print(session.output(), *views);
    return 0;
  }
  bj::array array;
  for (const auto& [name, view] : *views) array.push_back(queue_to_json(view));
  session.output().json_line(bj::object{{"queues", std::move(array)}});
  return 0;
}

std::string similar(const std::map<std::string, QueueView>& views, const std::string& name) {
  std::vector<std::string> known;
  for (const auto& [known_name, view] : views) known.push_back(known_name);
  return did_you_mean(name, known) + "; list them with `waybill queue list`";
}

enum class Pause : std::uint8_t { pause, resume };

/// What is there before. A pause makes the ledger, so that a dry run of it needs none.
Result<std::map<std::string, QueueView>> known_queues(Session& session, Doing doing, Pause pause) {
  if (doing == Doing::dry && pause == Pause::pause) {
    const Status there = require_ledger(session.config());
    if (!there && there.error().code == Code::not_found) return std::map<std::string, QueueView>();
  }
  const auto store = session.store(
      opened_for(doing, pause == Pause::pause ? OpenStore::create : OpenStore::existing));
  if (!store) return fail(store.error());
  return queue_views(parts_of(**store));
}

Exit set_paused(Session& session, const Invocation& invocation, Pause pause) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  const auto views = known_queues(session, doing, pause);
  if (!views) return fail(views.error());
  QueueView view;
  view.settings.name = name;
  if (const auto found = views->find(name); found != views->end()) {
    view = found->second;
  } else if (pause == Pause::resume) {
    return fail(Code::not_found, "no queue " + name + " is known" + similar(*views, name));
  } else {
    session.output().note("queue " + name + " has had no task yet" + similar(*views, name));
  }
  view.settings.paused = pause == Pause::pause;
  if (doing == Doing::really) {
    const auto store = session.store(OpenStore::existing);  // opened above
    if (!store) return fail(store.error());
    const Status put = (*store)->registry().set_queue_paused(name, view.settings.paused);
    if (!put) return fail(put.error());
    keep_in_audit_log(session, **store, invocation.command, name);
  }
  if (session.output().json()) {
    session.output().json_line(answer(doing, queue_to_json(view)));
  } else if (doing == Doing::dry) {
    session.output().note("queue " + name + " would " +
                          (view.settings.paused ? "be paused" : "go on"));
  } else {
    session.output().note("queue " + name + (view.settings.paused ? " is paused" : " goes on"));
  }
  return 0;
}

Exit pause_queue(Session& session, const Invocation& invocation) {
  return set_paused(session, invocation, Pause::pause);
}

Exit resume_queue(Session& session, const Invocation& invocation) {
  return set_paused(session, invocation, Pause::resume);
}

}  // namespace

std::vector<Command> queue_commands() {
  return {{.path = "queue list",
           .summary = "List queues with the number of their tasks in each state",
           .examples = {"waybill queue list", "waybill queue list --json"},
           .run = list_queues},
          {.path = "queue pause",
           .summary = "Start no more tasks of a queue; those that run go on",
           .examples = {"waybill queue pause intake"},
           .positionals = {{"NAME", "the queue"}},
           .options = {kDryRun},
           .run = pause_queue},
          {.path = "queue resume",
           .summary = "Start tasks of a paused queue again",
           .examples = {"waybill queue resume intake"},
           .positionals = {{"NAME", "the queue"}},
           .options = {kDryRun},
           .run = resume_queue}};
}

}  // namespace waybill::cli
