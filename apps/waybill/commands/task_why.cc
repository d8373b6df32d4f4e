#include <algorithm>
#include <boost/json.hpp>

#include "apps/waybill/commands/commands.h"
#include "apps/waybill/commands/task_ids.h"
#include "apps/waybill/commands/views.h"
#include "apps/waybill/session.h"
#include "core/task_json.h"
#include "core/why.h"

namespace waybill::cli {
namespace {

namespace bj = boost::json;

constexpr std::size_t kAheadMax = 10'000;

Status add_queue(Store& store, WhyParams& params) {
  const std::string& name = params.task.request.queue;
  const auto queues = store.registry().queues();
  if (!queues) return fail(queues.error());
  for (const QueueSettings& queue : *queues) {
    if (queue.name == name) params.queue = queue;
  }
  const auto counts = store.reader().counts();
  if (!counts) return fail(counts.error());
  for (const QueueCounts& count : *counts) {
    if (count.queue == name) {
      params.leased_in_queue = count.by_state[static_cast<int>(State::leased)];
    }
  }
  return {};
}

Status add_workers(Store& store, WhyParams& params) {
  const auto workers = store.registry().workers();
  if (!workers) return fail(workers.error());
  for (const WorkerInfo& worker : *workers) {
    params.workers.push_back({.name = worker.name,
                              .queues = worker.queues,
                              .kinds = worker.kinds,
                              .slots = worker.slots,
                              .busy = worker.busy,
                              .seen_at = worker.seen_at});
  }
  return {};
}

Result<WhyParams> gather(Store& store, const std::string& text) {
  WhyParams params;
  auto task = find_task(store.reader(), text);
  if (!task) return fail(task.error());
  params.task = std::move(*task);
  params.now = store.ledger().now();
  if (const Status added = add_queue(store, params); !added) return fail(added.error());
  if (const Status added = add_workers(store, params); !added) return fail(added.error());
  const auto dependencies = store.reader().dependencies(params.task.id());
  if (!dependencies) return fail(dependencies.error());
  for (const Dependency& dependency : *dependencies) {
    params.dependencies.push_back({dependency.id, dependency.state});
  }
  const auto ahead = store.reader().ahead(params.task.id(), kAheadMax);
  if (!ahead) return fail(ahead.error());
  params.ahead = *ahead;
  return params;
}

bj::object to_json(const WhyParams& params, const std::vector<WhyCondition>& conditions) {
  bj::array array;
  for (const WhyCondition& condition : conditions) {
    array.push_back(bj::object{
        {"reason", json_text(to_string(condition.reason))},
        {"sentence", condition.sentence},
        {"earliest", condition.earliest ? time_to_json(*condition.earliest) : bj::value(nullptr)},
        {"advice", condition.advice.empty() ? bj::value(nullptr) : bj::value(condition.advice)}});
  }
  return {{"id", to_string(params.task.id())},
          {"state", json_text(to_string(params.task.status.state))},
          {"now", time_to_json(params.now)},
          {"ahead", params.ahead},
          {"conditions", std::move(array)}};
}

void print(Output& output, const WhyParams& params, const std::vector<WhyCondition>& conditions) {
  std::string text = to_string(params.task.id()) + " is " +
                     std::string(to_string(params.task.status.state)) + ": ";
  for (const WhyCondition& condition : conditions) {
    if (&condition != &conditions.front()) text += "then: ";
    text += printable(condition.sentence, 1000) + "\n";
    const bool ended = condition.reason == WhyReason::finished;
    if (condition.earliest) {
      text +=
          "  can change " +
          (*condition.earliest <= params.now ? "now" : relative(*condition.earliest, params.now)) +
          "\n";
    } else if (!ended) {
      text += "  can change when somebody acts\n";
    }
    if (!condition.advice.empty()) text += "  see: " + condition.advice + "\n";
  }
  output.data(text);
}

Exit explain_task(Session& session, const Invocation& invocation) {
  const auto store = session.store(OpenStore::reading);
  if (!store) return fail(store.error());
  const auto params = gather(**store, invocation.positionals[0]);
  if (!params) return fail(params.error());
  const auto conditions = why(*params);
  if (session.output().json()) {
    session.output().json_line(to_json(*params, conditions));
  } else {
    print(session.output(), *params, conditions);
  }
  return 0;
}

}  // namespace

Command task_why_command() {
  return {.path = "task why",
          .summary = "Say what keeps a task from going on, and when that can change",
          .examples = {"waybill task why 0192f3c1"},
          .positionals = {{"ID", "the task's id, or its beginning"}},
          .run = explain_task};
}

}  // namespace waybill::cli
