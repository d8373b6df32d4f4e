#include "services/janitor.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/log.h"
#include "core/run_prefix.h"

namespace waybill {
namespace {

constexpr std::size_t kAuditPiece = 20'000;
constexpr std::size_t kAnswersPiece = 200;

}  // namespace

Result<Duration> Janitor::step(const Deadline& /*deadline*/) {
  // A part that cannot go yet is no reason to go on with settings of before.
  const bool is_quiet = heaps_.empty() && !sweep_;
  if (is_quiet && (due_.empty() || ports_.ledger.now() >= next_round_)) {
    if (Status begun = begin_round(); !begun) return fail(begun.error());
  }
  if (is_idle()) return rest();
  if (parts_are_next()) {
    remove_parts();
    return is_idle() ? rest() : params_.pause;
  }
  const bool removes = !heaps_.empty();
  const Result<bool> done = removes ? remove_page(heaps_.back()) : sweep_some(*sweep_);
  if (!done) {
    // The next round begins anew: cursors and settings may be out of date by then.
    due_.clear();
    heaps_.clear();
    sweep_.reset();
    return fail(done.error());
  }
  if (*done && removes) heaps_.pop_back();
  if (*done && !removes) {
    sweep_.reset();
    next_sweep_ = ports_.ledger.now() + params_.sweep_every;
  }
  return is_idle() ? rest() : params_.pause;
}

Duration Janitor::rest() const {
  return due_.empty() ? params_.every : std::min(params_.every, params_.part_again);
}

Status Janitor::begin_round() {
  const Result<std::vector<QueueSettings>> configured = ports_.registry.queues();
  if (!configured) return fail(with_context(configured.error(), "reading retention of the queues"));
  const Result<std::vector<QueueCounts>> counts = ports_.reader.counts();
  if (!counts) return fail(with_context(counts.error(), "counting finished tasks"));
  std::map<std::string, QueueSettings> settings;
  for (const QueueSettings& queue : *configured) settings[queue.name] = queue;
  const Time now = ports_.ledger.now();
  due_.clear();
  next_part_ = {};
  next_round_ = now + params_.every;
  for (const QueueCounts& queue : *counts) add_heaps(queue, settings[queue.queue], now);
  if (now >= next_sweep_) sweep_ = LoggedTasks{};
  if (Status trimmed = trim_audit(); !trimmed) return trimmed;
  if (Status trimmed = trim_answers(); !trimmed) return trimmed;
  return forget_workers();
}

/// A round takes one piece of it: a piece is more than a round's time brings.
Status Janitor::trim_audit() {
  if (ports_.audit == nullptr || params_.audit_keep <= Duration(0)) return {};
  const Time before = ports_.ledger.now() - params_.audit_keep;
  const auto removed = ports_.audit->remove(before, kAuditPiece);
  if (!removed) return fail(with_context(removed.error(), "removing old entries of the audit log"));
  if (*removed > 0) {
    log::info("audit_trimmed", "old entries of the audit log were removed",
              {{"entries", *removed}, {"before", format_time(before)}});
  }
  return {};
}

/// As many pieces as it takes: a round's time may bring more than one of them.
Status Janitor::trim_answers() {
  if (ports_.answers == nullptr) return {};
  const Time before = ports_.ledger.now() - params_.answers_keep;
  for (;;) {
    const auto removed = ports_.answers->remove(before, kAnswersPiece);
    if (!removed) return fail(with_context(removed.error(), "removing old first answers"));
    if (*removed < kAnswersPiece) return {};
  }
}

void Janitor::add_heaps(const QueueCounts& counts, const QueueSettings& settings, Time now) {
  const Retention& keep = settings.retention;
  const std::pair<State, Duration> outcomes[] = {{State::succeeded, keep.succeeded},
                                                 {State::failed, keep.failed},
                                                 {State::cancelled, keep.cancelled}};
  for (const auto& [outcome, kept_for] : outcomes) {
    const bool for_ever = kept_for <= Duration(0);
    if (for_ever || counts.by_state[static_cast<int>(outcome)] == 0) continue;
    const Time before = now - kept_for;
    Duration late{};
    if (ports_.parts != nullptr) {
      due_.push_back({.queue = counts.queue, .outcome = outcome, .finished_before = before});
      late = std::min(kept_for / 30, params_.late_max);
    }
    heaps_.push_back(
        Heap{.queue = counts.queue, .outcome = outcome, .finished_before = before - late});
  }
}

void Janitor::remove_parts() {
  const Result<PartsStep> step = ports_.parts->remove_some(due_);
  if (!step) {
    // Its tasks go one by one, and the rest of it in the next round.
    log::warn("parts_not_removed", "parts of the history could not be removed as a whole",
              {{"error", step.error().message}});
    due_.clear();
    return;
  }
  if (step->tasks > 0) {
    log::info("part_removed", "retention removed a part of the history", {{"tasks", step->tasks}});
  }
  if (step->next == PartsStep::Next::none) due_.clear();
  if (step->next == PartsStep::Next::later) next_part_ = ports_.ledger.now() + params_.part_again;
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
  for (const DamagedTask& damaged : page->damaged) {
    log::error("task_damaged", "a finished task is damaged, and kept",
               {{"task", to_string(damaged.id)}, {"error", damaged.what}});
  }
  const Result<std::vector<Uuid>> ids = removable(*page);
  if (!ids) return fail(ids.error());
  if (!ids->empty()) {
    const Result<std::vector<Uuid>> removed = ports_.ledger.remove(*ids, heap.finished_before);
    if (!removed) {
      return fail(with_context(removed.error(), "removing old tasks of queue " + heap.queue));
    }
    for (const Uuid& id : *removed) remove_logs(id);
    log::info("tasks_removed", "retention removed finished tasks",
              {{"queue", heap.queue},
               {"outcome", to_string(heap.outcome)},
               {"tasks", removed->size()},
               {"finished_before", format_time(heap.finished_before)}});
  }
  heap.cursor = page->next_cursor;
  return heap.cursor.empty();
}

Result<bool> Janitor::goes_on(const std::string& maker) {
  if (ports_.runs == nullptr || !maker.starts_with(kRunPrefix)) return false;
  const auto id = parse_uuid(std::string_view(maker).substr(kRunPrefix.size()));
  if (!id) return false;
  const auto run = ports_.runs->get(*id);
  if (run) return run->ended_at == Time{};
  if (run.error().code == Code::not_found) return false;
  if (run.error().code == Code::data_loss) {  // or it would keep all that comes after it
    log::error("run_damaged", "a run is damaged, and its old tasks are kept",
               {{"run", to_string(*id)}, {"error", run.error().message}});
    return true;
  }
  return fail(with_context(run.error(), "looking up the run of an old task"));
}

Result<std::vector<Uuid>> Janitor::removable(const TaskPage& page) {
  std::map<std::string, bool> known;
  std::vector<Uuid> ids;
  for (const Task& task : page.tasks) {
    const auto [maker, is_new] = known.emplace(task.request.created_by, false);
    if (is_new) {
      const Result<bool> goes_on = this->goes_on(maker->first);
      if (!goes_on) return fail(goes_on.error());
      maker->second = *goes_on;
    }
    if (!maker->second) ids.push_back(task.id());
  }
  return ids;
}

void Janitor::remove_logs(const Uuid& task) {
  if (Status removed = ports_.logs.remove(task); !removed) {
    log::error("logs_not_removed", "the logs of a task that is gone cannot be removed",
               {{"task", to_string(task)}, {"error", removed.error().message}});
  }
}

Result<bool> Janitor::sweep_some(LoggedTasks& sweep) {
  if (sweep.ids.empty()) {
    Result<LoggedTasks> page = ports_.logs.logged(sweep.next_cursor);
    if (!page) {
      log::error("logs_not_swept", "logs of tasks that are gone may be left until the next sweep",
                 {{"error", page.error().message}});
      return true;
    }
    sweep = std::move(*page);
  }
  std::size_t removed = 0;
  for (std::size_t i = 0; i < params_.batch && !sweep.ids.empty(); ++i) {
    const Uuid id = sweep.ids.back();
    const Result<Task> task = ports_.reader.get(id);
    const bool is_gone = !task && task.error().code == Code::not_found;
    if (!task && !is_gone && task.error().code != Code::data_loss) {
      return fail(with_context(task.error(), "looking up the tasks of logs"));
    }
    sweep.ids.pop_back();
    if (!is_gone) continue;
    remove_logs(id);
    ++removed;
  }
  if (removed > 0) {
    log::info("logs_swept", "logs of tasks that are gone were removed", {{"tasks", removed}});
  }
  return sweep.ids.empty() && sweep.next_cursor.empty();
}

}  // namespace waybill
