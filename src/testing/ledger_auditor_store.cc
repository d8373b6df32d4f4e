// What is stored of the tasks, and what is gone.

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "testing/ledger_auditor.h"
#include "testing/request_difference.h"

namespace waybill {

Result<std::vector<Uuid>> LedgerAuditor::remove(std::span<const Uuid> ids, Time finished_before) {
  auto removed = ledger_.remove(ids, finished_before);
  if (!removed) {
    nothing_happened("remove failed but");
    check_unsaid(ids);
    return removed;
  }
  for (const LedgerEvent& event : news()) follow(event, "remove");
  for (const Uuid& id : *removed) {
    const auto task = tasks_.find(id);
    if (task == tasks_.end() || task->second.is_removed()) {
      report(Invariant::one_state, name_of(id) + " was removed, but was not there");
      continue;
    }
    if (task->second.is_live()) {
      report(Invariant::one_state, name_of(id) + " was removed, but is not finished");
    }
    check_retention(task->second);
    if (reader_.get(id)) {
      report(Invariant::one_state, name_of(id) + " was removed, but is still there");
    }
    task->second.removed();
    live_.erase(id);
  }
  check_unsaid(ids);
  return removed;
}

/// By the latest time that anybody was told: it was that or earlier when its remover looked.
void LedgerAuditor::check_retention(const AuditedTask& task) {
  const std::string& queue = task.request().queue;
  const auto settings = queues_.find(queue);
  const Retention keep = settings == queues_.end() ? Retention{} : settings->second.retention;
  if (task.is_live()) return;
  const Duration kept_for = task.state() == State::succeeded ? keep.succeeded
                            : task.state() == State::failed  ? keep.failed
                                                             : keep.cancelled;
  if (kept_for > Duration(0) && task.ended_at() + kept_for <= latest_now_) return;
  report(Invariant::retention, name_of(task.request().id) + ", " +
                                   std::string(to_string(task.state())) + " since " +
                                   format_time(task.ended_at()) + ", was removed by " +
                                   format_time(latest_now_) + ", too early for queue " + queue);
}

/// What was passed over, or the whole call if it failed, is still there: nobody will ever hear of
/// it otherwise.
void LedgerAuditor::check_unsaid(std::span<const Uuid> ids) {
  for (const Uuid& id : ids) {
    const auto task = tasks_.find(id);
    if (task == tasks_.end() || task->second.is_removed() || reader_.get(id)) continue;
    report(Invariant::one_state, name_of(id) + " is gone, but was not said to be removed");
  }
}

void LedgerAuditor::check_request(const Task& task, const std::string& here) {
  const auto known = tasks_.find(task.id());
  if (known == tasks_.end()) return;  // somebody else says so
  const std::string field = request_difference(known->second.request(), task.request);
  if (field.empty()) return;
  report(Invariant::kept,
         name_of(task.id()) + ": its " + field + ", " + here + ", is not what was asked for");
}

void LedgerAuditor::check_amended(const Uuid& id, std::span<const Change> changes) {
  const auto change = std::ranges::find(changes, id, &Change::id);
  const auto stored = reader_.get(id);
  if (!stored || change == changes.end()) return;  // somebody else says so
  check_request(*stored, "after it was amended");
  if (stored->status.run_at == change->after.run_at) return;
  report(Invariant::kept, name_of(id) + " was to be run at " + format_time(change->after.run_at) +
                              " after it was amended, and is at " +
                              format_time(stored->status.run_at));
}

void LedgerAuditor::check_result(const AuditedTask& known, const Task& task) {
  if (task.status.result == known.result()) return;
  report(Invariant::kept, name_of(task.id()) + " has the result '" + task.status.result +
                              "', its run had '" + known.result() + "'");
}

void LedgerAuditor::check_reported(const AuditedTask& task) {
  const auto stored = reader_.reported(task.request().id);
  if (!stored) return report(Invariant::kept, "reports cannot be read: " + stored.error().message);
  const auto check = [&](const char* what, const std::string& is, const std::string& was) {
    if (is == was) return;
    report(Invariant::kept, name_of(task.request().id) + " has the " + what + " '" + is +
                                "', recorded was '" + was + "'");
  };
  check("progress", stored->progress, task.reported().progress);
  check("checkpoint", stored->checkpoint, task.reported().checkpoint);
}

void LedgerAuditor::check_at_rest() {
  nothing_happened("nobody's call");
  std::map<std::pair<std::string, State>, std::int64_t> expected;
  for (const auto& [id, task] : tasks_) {
    const auto stored = reader_.get(id);
    if (task.is_removed()) {
      if (stored) report(Invariant::one_state, name_of(id) + " was removed, but is still there");
      continue;
    }
    ++expected[{task.request().queue, task.state()}];
    if (stored) {
      check_request(*stored, "in the end");
      check_reported(task);
      if (task.state() == State::succeeded) check_result(task, *stored);
    }
    if (!stored) {
      report(Invariant::one_state, name_of(id) + " was accepted and never removed, but is gone");
    } else if (stored->status.state != task.state() || stored->status.fence != task.fence()) {
      report(Invariant::one_state,
             name_of(id) + " is " + std::string(to_string(stored->status.state)) +
                 ", its history says " + std::string(to_string(task.state())));
    }
  }
  const auto counts = reader_.counts();
  if (!counts) return report(Invariant::one_state, "the counts cannot be read");
  for (const QueueCounts& of_queue : *counts) {
    for (int i = 0; i < kStateCount; ++i) {
      const auto wanted = expected[{of_queue.queue, static_cast<State>(i)}];
      if (of_queue.by_state[i] == wanted) continue;
      report(Invariant::one_state, "queue " + of_queue.queue + " counts " +
                                       std::to_string(of_queue.by_state[i]) + " tasks as " +
                                       std::string(to_string(static_cast<State>(i))) + ", it has " +
                                       std::to_string(wanted));
    }
  }
}

}  // namespace waybill
