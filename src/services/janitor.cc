#include "services/janitor.h"

#include <map>
#include <utility>

#include "base/log.h"

namespace waybill {

Result<Duration> Janitor::step(const Deadline& /*deadline*/) {
  if (heaps_.empty()) {
    if (Status begun = begin_round(); !begun) return fail(begun.error());
    if (heaps_.empty()) return params_.every;
  }
  const Result<bool> done = remove_page(heaps_.back());
  if (!done) {
    heaps_.clear();  // the next round begins anew: cursors and settings may be out of date by then
    return fail(done.error());
  }
  if (*done) heaps_.pop_back();
  return heaps_.empty() ? params_.every : params_.pause;
}

Status Janitor::begin_round() {
  const Result<std::vector<QueueSettings>> configured = ports_.registry.queues();
  if (!configured) return fail(with_context(configured.error(), "reading retention of the queues"));
  const Result<std::vector<QueueCounts>> counts = ports_.reader.counts();
  if (!counts) return fail(with_context(counts.error(), "counting finished tasks"));
  std::map<std::string, QueueSettings> settings;
  for (const QueueSettings& queue : *configured) settings[queue.name] = queue;
  const Time now = ports_.ledger.now();
  for (const QueueCounts& queue : *counts) add_heaps(queue, settings[queue.queue], now);
  return forget_workers();
}

void Janitor::add_heaps(const QueueCounts& counts, const QueueSettings& settings, Time now) {
  const Retention& keep = settings.retention;
  const std::pair<State, Duration> outcomes[] = {{State::succeeded, keep.succeeded},
                                                 {State::failed, keep.failed},
                                                 {State::cancelled, keep.cancelled}};
  for (const auto& [outcome, kept_for] : outcomes) {
    const bool for_ever = kept_for <= Duration(0);
    if (for_ever || counts.by_state[static_cast<int>(outcome)] == 0) continue;
    heaps_.push_back(
        Heap{.queue = counts.queue, .outcome = outcome, .finished_before = now - kept_for});
  }
}

Status Janitor::forget_workers() {
  const Result<std::vector<WorkerInfo>> workers = ports_.registry.workers();
  if (!workers) return fail(with_context(workers.error(), "reading the workers"));
  const Time long_ago = ports_.ledger.now() - params_.worker_keep;
  for (const WorkerInfo& worker : *workers) {
    if (worker.seen_at > long_ago) continue;
    if (Status removed = ports_.registry.remove_worker(worker.name); !removed) {
      return fail(with_context(removed.error(), "forgetting worker " + worker.name));
    }
    log::info("worker_forgotten", "a worker was not seen for long and is forgotten",
              {{"worker", worker.name}, {"seen_at", format_time(worker.seen_at)}});
  }
  return {};
}

Result<bool> Janitor::remove_page(Heap& heap) {
  const Result<TaskPage> page =
      ports_.reader.page(PageParams{.filter = {.states = {heap.outcome},
                                               .queue = heap.queue,
                                               .finished_before = heap.finished_before,
                                               .waiters = Waiters::none},
                                    .order = PageOrder::first_finished,
                                    .cursor = heap.cursor,
                                    .limit = params_.batch});
  if (!page)
    return fail(with_context(page.error(), "looking for old tasks of queue " + heap.queue));
  const std::vector<Uuid> ids = remove_logs(page->tasks);
  if (!ids.empty()) {
    const Result<std::vector<Uuid>> removed = ports_.ledger.remove(ids);
    if (!removed) {
      return fail(with_context(removed.error(), "removing old tasks of queue " + heap.queue));
    }
    log::info("tasks_removed", "retention removed finished tasks",
              {{"queue", heap.queue},
               {"outcome", to_string(heap.outcome)},
               {"tasks", removed->size()},
               {"finished_before", format_time(heap.finished_before)}});
  }
  heap.cursor = page->next_cursor;
  return heap.cursor.empty();
}

std::vector<Uuid> Janitor::remove_logs(const std::vector<Task>& tasks) {
  std::vector<Uuid> ids;
  ids.reserve(tasks.size());
  for (const Task& task : tasks) {
    if (Status removed = ports_.logs.remove(task.id()); removed) {
      ids.push_back(task.id());
    } else {
      log::error("logs_not_removed", "an old task is kept because its logs cannot be removed",
                 {{"task", to_string(task.id())}, {"error", removed.error().message}});
    }
  }
  return ids;
}

}  // namespace waybill
