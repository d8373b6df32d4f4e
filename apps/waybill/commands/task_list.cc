#include <algorithm>
#include <boost/json.hpp>
#include <iterator>
#include <optional>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/option_values.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "base/json.h"
#include "core/suggest.h"
#include "core/task_json.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

/// Options that leave tasks out.
constexpr const char* kFilters[] = {"state", "queue", "kind", "task", "created-by", "since"};

Result<std::vector<State>> states_of(const Invocation& invocation) {
  std::vector<State> states;
  for (const std::string& text : invocation.texts("state")) {
    if (text == "live") {
      states.insert(states.end(), {State::blocked, State::scheduled, State::ready, State::leased});
      continue;
    }
    const std::optional<State> state = parse_state(text);
    if (!state) {
      const std::vector<std::string> known = {"live",   "blocked",   "scheduled", "ready",
                                              "leased", "succeeded", "failed",    "cancelled"};
      return fail(Code::invalid_argument,
                  "--state: there is no state \"" + text + "\"" + did_you_mean(text, known));
    }
    states.push_back(*state);
  }
  return states;
}

Result<PageParams> page_params(const Invocation& invocation, Time now) {
  PageParams params;
  auto states = states_of(invocation);
  if (!states) return fail(states.error());
  const auto limit = integer_option(invocation, "limit", 50, {.least = 1, .most = 10'000});
  if (!limit) return fail(limit.error());
  const auto since = duration_option(invocation, "since", Duration::zero());
  if (!since) return fail(since.error());
  params.filter.states = std::move(*states);
  params.filter.queue = invocation.text("queue");
  params.filter.kind = invocation.text("kind");
  params.filter.definition = invocation.text("task");
  params.filter.created_by = invocation.text("created-by");
  if (*since > Duration::zero()) params.filter.created_after = now - *since;
  params.cursor = invocation.text("cursor");
  params.limit = static_cast<std::size_t>(*limit);
  return params;
}

void print_table(Output& output, const Invocation& invocation, const TaskPage& page, Time now) {
  for (const DamagedTask& damaged : page.damaged) {
    output.note("task " + to_string(damaged.id) + " cannot be shown: " + damaged.what);
  }
  if (page.tasks.empty() && page.damaged.empty()) {
    const auto given = [&](const char* name) { return invocation.has(name); };
    const bool all =
        std::none_of(std::begin(kFilters), std::end(kFilters), given) && !given("cursor");
    output.note(all ? "no tasks; make one with `waybill task create -- echo hello`"
                    : "no task matches");
    return;
  }
  Table table({"ID", "STATE", "QUEUE", "TASK", "CREATED", "REMARK"});
  for (const Task& task : page.tasks) {
    table.add({to_string(task.id()), state_cell(task.status.state), task.request.queue,
               title_of(task), relative(task.created_at, now),
               printable(remark_on(task, now), 60)});
  }
  if (!table.empty()) output.data(table.text(output));
  if (!page.next_cursor.empty()) {
    output.note("there are more: --cursor " + page.next_cursor);
  }
}

Exit list_tasks(Session& session, const Invocation& invocation) {
  const Time now = session.clock().now();
  const auto params = page_params(invocation, now);
  if (!params) return fail(params.error());
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto page = (*store)->reader().page(*params);
  if (!page) return fail(page.error());
  if (!session.output().json()) {
    print_table(session.output(), invocation, *page, now);
    return 0;
  }
  bj::array tasks;
  for (const Task& task : page->tasks) tasks.push_back(task_to_json(task));
  bj::array damaged;
  for (const DamagedTask& one : page->damaged) {
    damaged.push_back({{"id", to_string(one.id)}, {"what", json::text(one.what)}});
  }
  session.output().json_line(
      bj::object{{"tasks", std::move(tasks)},
                 {"damaged", std::move(damaged)},
                 {"next_cursor",
                  page->next_cursor.empty() ? bj::value(nullptr) : bj::value(page->next_cursor)}});
  return 0;
}

}  // namespace

Command task_list_command() {
  return {.path = "task list",
          .summary = "List tasks, newest first",
          .examples = {"waybill task list", "waybill task list --state failed --since 24h",
                       "waybill task list --state live --queue intake --json"},
          .options = {{"state", "STATE",
                       "live, blocked, scheduled, ready, leased, succeeded, failed or cancelled",
                       Option::Times::many},
                      {"queue", "NAME", "only tasks of this queue"},
                      {"kind", "KIND", "only tasks of this kind"},
                      {"task", "NAME", "only tasks of this definition"},
                      {"created-by", "WHO", "only tasks made by this, e.g. scan:drop"},
                      {"since", "DURATION", "only tasks made in the last 24h, 7d, …"},
                      {"limit", "NUMBER", "at most this many, 50 if not given"},
                      {"cursor", "CURSOR", "go on where the last list ended"}},
          .run = list_tasks};
}

}  // namespace waybill::cli
