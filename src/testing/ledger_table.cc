#include "testing/ledger_table.h"

#include <algorithm>

#include "base/check.h"
#include "core/priority.h"

namespace waybill {
namespace {

LedgerTable::Place place_of(const Task& task) {
  return {rank(task.request.priority, task.status.run_at), task.handle};
}

/// When time alone changes the task; kTimeMax: never.
Time due_at(const TaskStatus& status) {
  if (status.state == State::leased) return status.lease_until;
  if (status.state == State::scheduled) return status.run_at;
  return kTimeMax;
}

}  // namespace

const LedgerTable::Row* LedgerTable::find(const Uuid& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &rows_.at(found->second);
}

LedgerTable::Row* LedgerTable::find(const Uuid& id) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : &rows_.at(found->second);
}

Uuid LedgerTable::holder(const std::string& key) const {
  const auto found = keys_.find(key);
  return key.empty() || found == keys_.end() ? Uuid{} : found->second.holder;
}

Uuid LedgerTable::kept_out_by(const TaskRequest& request) const {
  return by_id_.contains(request.id) ? request.id : holder(request.dedup_key);
}

void LedgerTable::insert(const TaskRequest& request, Time now) {
  const std::set<Uuid> waits_for(request.waits_for.begin(), request.waits_for.end());
  const Handle handle = ++last_handle_;
  std::uint32_t waiting_for = 0;
  for (const Uuid& id : waits_for) {
    const Row* row = find(id);
    if (row != nullptr && row->task.status.state == State::succeeded) continue;
    waiters_[id].push_back(handle);
    ++waiting_for;
  }
  const Acceptance acceptance = accept(request, waiting_for, now);
  Row& row = rows_[handle];
  row.task = {.request = request, .created_at = now, .status = acceptance.status, .handle = handle};
  by_id_[request.id] = handle;
  if (!request.dedup_key.empty()) keys_[request.dedup_key] = {request.id, request.dedup_scope};
  index(row);
  log(row, acceptance.entry);
}

void LedgerTable::change(Row& row, const Change& change) {
  const State before = row.task.status.state;
  unindex(row);
  row.task.status = change.after;
  row.task.request.priority = change.priority.value_or(row.task.request.priority);
  index(row);
  log(row, change.entry);
  const TaskRequest& request = row.task.request;
  if (!request.dedup_key.empty() && request.dedup_scope == DedupScope::live) {
    if (is_finished(change.after.state)) {
      if (holder(request.dedup_key) == request.id) keys_.erase(request.dedup_key);
    } else {
      keys_[request.dedup_key] = {request.id, request.dedup_scope};
    }
  }
  if (before != State::succeeded && change.after.state == State::succeeded) {
    unblock_waiters(request.id, change.entry.at);
  }
}

void LedgerTable::unblock_waiters(const Uuid& succeeded, Time now) {
  const auto found = waiters_.find(succeeded);
  if (found == waiters_.end()) return;
  const std::vector<Handle> waiting = std::move(found->second);
  waiters_.erase(found);
  for (const Handle handle : waiting) {
    const auto waiter = rows_.find(handle);
    if (waiter == rows_.end()) continue;  // cancelled and removed before
    const auto step = transition(waiter->second.task, event::DependencySucceeded{}, {.now = now});
    WAYBILL_CHECK(step.has_value(), "a waiter is counted down once for each task it waits for");
    change(waiter->second, *step);
  }
}

void LedgerTable::extend(Row& row, Time lease_until) {
  unindex(row);
  row.task.status.lease_until = lease_until;
  index(row);
}

void LedgerTable::remove(const Row& row) {
  const Uuid id = row.task.id();
  const Handle handle = row.task.handle;
  unindex(row);
  by_id_.erase(id);
  rows_.erase(handle);
}

bool LedgerTable::is_waited_for(const Uuid& id) const {
  const auto found = waiters_.find(id);
  return found != waiters_.end() &&
         std::ranges::any_of(found->second, [&](Handle waiter) { return rows_.contains(waiter); });
}

const std::set<LedgerTable::Place>& LedgerTable::ready(const std::string& queue) const {
  static const std::set<Place> kNone;
  const auto found = ready_.find(queue);
  return found == ready_.end() ? kNone : found->second;
}

std::int64_t LedgerTable::count(const std::string& queue, State state) const {
  const auto found = counts_.find(queue);
  return found == counts_.end() ? 0 : found->second.by_state[static_cast<int>(state)];
}

void LedgerTable::index(const Row& row) {
  const Task& task = row.task;
  QueueCounts& counts = counts_[task.request.queue];
  counts.queue = task.request.queue;
  ++counts.by_state[static_cast<int>(task.status.state)];
  if (task.status.state == State::ready) ready_[task.request.queue].insert(place_of(task));
  if (due_at(task.status) != kTimeMax) timed_.insert({due_at(task.status), task.handle});
  if (is_finished(task.status.state)) finished_.insert({task.status.finished_at, task.handle});
}

void LedgerTable::unindex(const Row& row) {
  const Task& task = row.task;
  --counts_[task.request.queue].by_state[static_cast<int>(task.status.state)];
  if (task.status.state == State::ready) ready_[task.request.queue].erase(place_of(task));
  timed_.erase({due_at(task.status), task.handle});
  finished_.erase({task.status.finished_at, task.handle});
}

void LedgerTable::log(Row& row, const HistoryEntry& entry) {
  row.history.push_back(entry);
  events_.push_back({.sequence = events_.empty() ? 1 : events_.back().sequence + 1,
                     .id = row.task.id(),
                     .queue = row.task.request.queue,
                     .entry = entry});
}

}  // namespace waybill
