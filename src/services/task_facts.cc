#include "services/task_facts.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace waybill {
namespace {

constexpr std::size_t kAheadMax = 10'000;
constexpr std::size_t kHoldersMax = 100;  ///< tasks whose workers are looked at

Status add_queue(const LedgerParts& parts, WhyParams& params) {
  const std::string& name = params.task.request.queue;
  const auto queues = parts.registry.queues();
  if (!queues) return fail(queues.error());
  for (const QueueSettings& queue : *queues) {
    if (queue.name == name) params.queue = queue;
  }
  const auto counts = parts.reader.counts();
  if (!counts) return fail(counts.error());
  for (const QueueCounts& count : *counts) {
    if (count.queue == name) {
      params.leased_in_queue = count.by_state[static_cast<int>(State::leased)];
    }
  }
  return {};
}

/// How the task came to stand where it does: an amendment of one that was put off before leaves the
/// reason for that.
std::optional<Happening> last_happening(const std::vector<HistoryEntry>& history) {
  for (std::size_t i = history.size(); i > 0; --i) {
    const HistoryEntry& entry = history[i - 1];
    const bool stays = i > 1 && history[i - 2].state == entry.state;
    if (entry.happening == Happening::amended && stays) continue;
    return entry.happening;
  }
  return std::nullopt;
}

Status add_history(const LedgerParts& parts, WhyParams& params) {
  if (params.task.status.state != State::scheduled) return {};
  const auto history = parts.reader.history(params.task.id());
  if (!history) return fail(history.error());
  params.last_happening = last_happening(*history);
  return {};
}

/// Who holds a task of the queue serves it, though nobody says so: a worker that does not tell of
/// itself, or not while it works.
Status add_holders(const LedgerParts& parts, WhyParams& params) {
  if (params.leased_in_queue == 0) return {};
  const auto page =
      parts.reader.page({.filter = {.states = {State::leased}, .queue = params.task.request.queue},
                         .limit = kHoldersMax});
  if (!page) return fail(page.error());
  for (const Task& task : page->tasks) {
    const bool is_alive = task.status.lease_until > params.now;
    const auto known = std::ranges::find(params.workers, task.status.worker, &WhyWorker::name);
    if (!is_alive) continue;
    if (known != params.workers.end()) {
      known->seen_at = std::max(known->seen_at, params.now);
      continue;
    }
    params.workers.push_back({.name = task.status.worker,
                              .queues = {task.request.queue},
                              .kinds = {},
                              .seen_at = params.now});
  }
  return {};
}

Status add_workers(const LedgerParts& parts, WhyParams& params) {
  const auto workers = parts.registry.workers();
  if (!workers) return fail(workers.error());
  for (const WorkerInfo& worker : *workers) {
    params.workers.push_back({.name = worker.name,
                              .queues = worker.queues,
                              .kinds = worker.kinds,
                              .slots = worker.slots,
                              .busy = worker.busy,
                              .seen_at = worker.seen_at});
  }
  return add_holders(parts, params);
}

}  // namespace

Result<WhyParams> facts_about(const LedgerParts& parts, Task task) {
  WhyParams params;
  params.task = std::move(task);
  params.now = parts.ledger.now();
  if (const Status added = add_queue(parts, params); !added) return fail(added.error());
  if (const Status added = add_workers(parts, params); !added) return fail(added.error());
  if (const Status added = add_history(parts, params); !added) return fail(added.error());
  const auto dependencies = parts.reader.dependencies(params.task.id());
  if (!dependencies) return fail(dependencies.error());
  for (const Dependency& dependency : *dependencies) {
    WhyDependency& known = params.dependencies.emplace_back();
    known = {.id = dependency.id, .state = dependency.state};
    if (dependency.state != State::scheduled) continue;
    const auto other = parts.reader.get(dependency.id);
    if (!other && other.error().code != Code::not_found) return fail(other.error());
    if (other) known.run_at = other->status.run_at;
  }
  const auto ahead = parts.reader.ahead(params.task.id(), kAheadMax);
  if (!ahead) return fail(ahead.error());
  params.ahead = *ahead;
  return params;
}

}  // namespace waybill
