#include "apps/waybill/runtime/work_loop.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <span>
#include <utility>
#include <vector>

#include "apps/waybill/cli/table.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/runtime/events.h"
#include "apps/waybill/runtime/worker_host.h"
#include "apps/waybill/service_manager.h"
#include "base/json.h"
#include "core/name_filter.h"
#include "services/task_facts.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::array kWaitingStates = {State::ready, State::scheduled, State::blocked};

/// Of so many queues, and of so many tasks of each, it is said why they are left.
constexpr std::size_t kQueuesExplained = 20;
constexpr std::size_t kTasksExplained = 5;

/// The queues in question that have tasks left, with how many.
Result<std::vector<std::pair<std::string, std::int64_t>>> queues_with_tasks_left(
    Store& store, const WorkScope& scope) {
  const auto counts = store.reader().counts();
  if (!counts) return fail(counts.error());
  std::vector<std::pair<std::string, std::int64_t>> queues;
  for (const QueueCounts& count : *counts) {
    std::int64_t waiting = 0;
    for (const State state : kWaitingStates) waiting += count.by_state[static_cast<int>(state)];
    if (waiting > 0 && accepts(scope.queues, count.queue))
      queues.emplace_back(count.queue, waiting);
  }
  return queues;
}

/// Says of a queue's oldest ones why they are left, and adds the same for programs.
Status explain_queue(Session& session, Store& store, const std::string& queue, bj::array& left) {
  const auto page = store.reader().page(
      {.filter = {.states = {kWaitingStates.begin(), kWaitingStates.end()}, .queue = queue},
       .order = PageOrder::oldest_first,
       .limit = kTasksExplained});
  if (!page) return fail(page.error());
  for (const DamagedTask& damaged : page->damaged) {
    session.output().note("  " + to_string(damaged.id) + " cannot be read: " + damaged.what);
  }
  for (const Task& task : page->tasks) {
    const auto facts = facts_about(parts_of(store), task);
    if (!facts) return fail(facts.error());
    const WhyCondition first = why(*facts).front();
    left.push_back(bj::object{
        {"id", to_string(task.id())},
        {"queue", json::text(queue)},
        {"state", json::text(to_string(task.status.state))},
        {"reason", json::text(to_string(first.reason))},
        {"sentence", first.sentence},
        {"advice", first.advice.empty() ? bj::value(nullptr) : bj::value(first.advice)}});
    session.output().note("  " + to_string(task.id()) + " is " +
                          std::string(to_string(task.status.state)) + ": " +
                          printable(first.sentence, 1000) +
                          (first.advice.empty() ? "" : "; see `" + first.advice + "`"));
  }
  return {};
}

/// Queue by queue, so that many tasks of one hide nothing of another.
Result<bj::array> explain_left(Session& session, Store& store, const WorkScope& scope) {
  const auto queues = queues_with_tasks_left(store, scope);
  if (!queues) return fail(queues.error());
  bj::array left;
  for (const auto& [queue, waiting] :
       std::span(*queues).first(std::min(queues->size(), kQueuesExplained))) {
    if (queues->size() > 1) {
      session.output().note("queue " + printable(queue, 100) + ", " + counted(waiting, "task") +
                            ":");
    }
    if (Status said = explain_queue(session, store, queue, left); !said) return fail(said.error());
  }
  if (queues->size() > kQueuesExplained) {
    session.output().note(
        "and more in " +
        counted(static_cast<std::int64_t>(queues->size() - kQueuesExplained), "other queue"));
  }
  return left;
}

bj::array names(const std::vector<std::string>& texts) {
  bj::array array;
  for (const std::string& text : texts) array.emplace_back(text);
  return array;
}

void tell_start(const WorkTerms& terms) {
  const Config& config = terms.session.config();
  tell_event(terms.session, "started",
             {{"data", config.data},
              {"queues", names(config.queues)},
              {"slots", config.slots},
              {"scans", terms.scans},
              {"schedules", terms.schedules}});
}

void tell_idle(Session& session, const Work& work, bj::array left) {
  tell_event(session, "idle",
             {{"waiting", work.waiting}, {"finished", work.finished}, {"left", std::move(left)}});
}

Status work_until_idle(const WorkTerms& terms, std::vector<std::string> kinds,
                       std::stop_token stop) {
  Session& session = terms.session;
  const WorkScope scope{.queues = session.config().queues, .kinds = std::move(kinds)};
  const auto left = terms.idle->wait({.clock = session.clock(),
                                      .store = terms.store,
                                      .scope = scope,
                                      .deadline = {.stop = stop},
                                      .shown = progress_printer(session.output()),
                                      .runs_at_rest = terms.runs_at_rest});
  if (!left) return fail(left.error());
  if (stop.stop_requested()) return {};
  const std::size_t runs = terms.runs_at_rest ? terms.runs_at_rest().live : 0;
  if (runs > 0) {
    session.output().note(counted(static_cast<std::int64_t>(runs), "run") +
                          (runs == 1 ? " waits" : " wait") +
                          " for what does not come by itself now; see `waybill run list --state "
                          "live`, then `waybill run show ID`");
  }
  bj::array explained;
  if (left->waiting > 0) {
    const std::string count = std::to_string(left->waiting);
    session.output().note((left->waiting == 1 ? "1 task is" : count + " tasks are") +
                          " left that cannot start here now; see `waybill task list --state "
                          "live`, then `waybill task why ID`");
    auto of_the_first = explain_left(session, terms.store, scope);
    if (!of_the_first) return fail(of_the_first.error());
    explained = std::move(*of_the_first);
  }
  tell_idle(session, *left, std::move(explained));
  if (const auto refusal = terms.idle->refusal()) return fail(*refusal);
  return {};
}

}  // namespace

Status work_until_done(const WorkTerms& terms) {
  Session& session = terms.session;
  auto worker = WorkerHost::start(session, terms.store, terms.rules, terms.broker);
  if (!worker) return fail(worker.error());
  session.output().note(terms.greeting + "; ctrl-c ends it");
  tell_start(terms);
  tell_ready();
  if (terms.begin) terms.begin();
  std::stop_source done;
  const auto end = [&done] { done.request_stop(); };
  const std::stop_callback asked(terms.stop, end);
  const std::stop_callback broken((*worker)->broken(), end);
  Status ended{};
  if (terms.idle != nullptr) {
    std::vector<std::string> kinds = (*worker)->kinds();
    kinds.insert(kinds.end(), terms.other_kinds.begin(), terms.other_kinds.end());
    ended = work_until_idle(terms, std::move(kinds), done.get_token());
  } else {
    session.clock().wait_until(kSteadyTimeMax, done.get_token());
  }
  if (terms.stop.stop_requested()) {
    session.output().note("letting what runs end, for at most " +
                          format_duration(session.config().grace) +
                          "; the same signal again ends at once");
    tell_event(session, "stopping", {{"grace", format_duration(session.config().grace)}});
  }
  tell_stopping();
  (*worker)->stop(session.config().grace);
  const auto failure = (*worker)->failure();
  tell_event(session, "stopped",
             {{"reason", failure || !ended             ? "failure"
                         : terms.stop.stop_requested() ? "signal"
                                                       : "idle"}});
  if (failure) return fail(with_context(*failure, "stopped working"));
  return ended;
}

}  // namespace waybill::cli
