#include <boost/json.hpp>
#include <map>
#include <set>

#include "apps/waybill/cli/dry_run.h"
#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/audit.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
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

enum class Pause : std::uint8_t { pause, resume };

/// What the ledger says of it, which is made for a pause if it is not there; `not_found`: nothing
/// speaks of such a queue. Broken definitions are no reason not to pause what the ledger knows.
Result<QueueView> known_queue(Session& session, Doing doing, Pause pause, const std::string& name) {
  const Status there = require_ledger(session.config());
  const bool is_new = !there && there.error().code == Code::not_found && pause == Pause::pause;
  std::map<std::string, QueueView> views;
  std::set<std::string> known(session.config().queues.begin(), session.config().queues.end());
  if (!is_new) {
    const OpenStore mode = pause == Pause::pause ? OpenStore::create : OpenStore::existing;
    const auto store = session.store(opened_for(doing, mode));
    if (!store) return fail(store.error());
    const LedgerParts parts = parts_of(**store);
    auto found = queue_views(parts);
    if (!found) return fail(found.error());
    views = std::move(*found);
    auto spoken_of = queues_in(parts);
    if (!spoken_of) return fail(spoken_of.error());
    known.merge(*spoken_of);
  }
  if (!known.contains(name)) {
    const auto definitions = session.definitions();
    if (!definitions) return fail(definitions.error());
    known.merge(queues_in(**definitions));
  }
  if (!known.contains(name)) {
    Error error = unknown_queue(name, known);
    error.message += "; list those that have had one with `waybill queue list`";
    return fail(std::move(error));
  }
  QueueView& view = views[name];
  view.settings.name = name;
  return view;
}

Exit set_paused(Session& session, const Invocation& invocation, Pause pause) {
  const std::string& name = invocation.positionals[0];
  const Doing doing = doing_of(invocation);
  auto known = known_queue(session, doing, pause, name);
  if (!known) return fail(known.error());
  QueueView view = std::move(*known);
  view.settings.paused = pause == Pause::pause;
  if (doing == Doing::really) {
    const auto store = session.store(OpenStore::create);
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
           .details = "A queue may be paused before its first task if a definition, a schedule, a "
                      "worker or --queues names it.",
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
