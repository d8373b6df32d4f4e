#include "adapters/postgres/changes.h"

#include <algorithm>
#include <utility>

#include "adapters/postgres/task_columns.h"
#include "base/check.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/task_record.h"

namespace waybill::postgres {
namespace {

constexpr Sql kChangeStatements[] = {Sql::update_tasks, Sql::finish_tasks, Sql::revive_tasks,
                                     Sql::update_finished};

std::int64_t number(State state) { return static_cast<std::int64_t>(state); }

/// The statement that writes a change.
Sql statement_of(const Change& change) {
  const bool ends = is_finished(change.after.state);
  if (is_finished(change.from.state)) return ends ? Sql::update_finished : Sql::revive_tasks;
  return ends ? Sql::finish_tasks : Sql::update_tasks;
}

Error changed_since(const Uuid& id, State state, std::int64_t fence) {
  return {.code = Code::aborted,
          .message = "task " + to_string(id) + " has changed since it was read: it is " +
                     std::string(to_string(state)) + " with fence " + std::to_string(fence) +
                     " by now"};
}

Error held_out(const Uuid& id, const Uuid& by) {
  return {.code = Code::already_exists,
          .message = "task " + to_string(id) + " cannot become live again: task " + to_string(by) +
                     " has its dedup key by now"};
}

}  // namespace

void ChangeRows::add(const Change& change, std::string_view entry) {
  const TaskStatus& after = change.after;
  handles_.add(change.handle);
  ids_.add(change.id);
  from_states_.add(number(change.from.state));
  from_fences_.add(static_cast<std::int64_t>(change.from.fence));
  from_revisions_.add(std::int64_t{change.from.revision});
  change.from_lease_until ? from_leases_.add(to_micros(*change.from_lease_until))
                          : from_leases_.add_null();
  states_.add(number(after.state));
  revisions_.add(std::int64_t{after.revision});
  fences_.add(static_cast<std::int64_t>(after.fence));
  waiting_for_.add(std::int64_t{after.waiting_for});
  run_at_.add(to_micros(after.run_at));
  if (is_finished(after.state)) {
    until_.add(to_micros(after.finished_at));
  } else {
    after.state == State::leased ? until_.add(to_micros(after.lease_until)) : until_.add_null();
  }
  change.priority ? priorities_.add(std::int64_t{*change.priority}) : priorities_.add_null();
  details_.add(encode_detail(after));
  entries_.add(entry);
}

void ChangeRows::write(Batch& batch, Batch::Take take) {
  const std::size_t count = handles_.size();
  Params params;
  for (Array* array : {&handles_, &ids_, &from_states_, &from_fences_, &from_revisions_,
                       &from_leases_, &states_, &revisions_, &fences_, &waiting_for_, &run_at_,
                       &until_, &priorities_, &details_, &entries_}) {
    params.array(std::move(*array));
  }
  const bool ranks = to_ == Sql::update_tasks || to_ == Sql::revive_tasks;
  if (ranks) params.integer(kAgePerPriority.count());
  const bool few = to_ == Sql::update_tasks && count <= kFewTasks;
  batch.add(few ? Sql::update_few : to_, std::move(params), std::move(take));
}

bool ApplyPart::Pending::revives() const {
  return is_finished(change->from.state) && !is_finished(change->after.state);
}

bool ApplyPart::Pending::succeeds() const {
  return applied && change->from.state != State::succeeded &&
         change->after.state == State::succeeded;
}

void ApplyPart::add(WriteCall& call) {
  call.statuses.assign(call.changes.size(), Status());
  std::size_t notifications = 0;
  for (std::size_t place = 0; place < call.changes.size(); ++place) {
    Pending& pending = pending_.emplace_back();
    pending.change = &call.changes[place];
    pending.call = &call;
    pending.place = place;
    pending.first_notification = notifications;
    notifications += pending.change->notifications.size();
    append_history(pending.entry, pending.change->entry);
    while (pending.wave < waves_.size() && waves_[pending.wave].contains(pending.change->handle)) {
      ++pending.wave;
    }
    if (pending.wave == waves_.size()) waves_.emplace_back();
    waves_[pending.wave].emplace(pending.change->handle, &pending);
  }
}

/// The statements that write lock rows in whatever order the planner finds them.
void ApplyPart::lock(Batch& batch) {
  std::vector<std::int64_t> handles;
  for (const Pending& pending : pending_) {
    const State from = pending.change->from.state;
    if (from != State::blocked && !is_finished(from)) handles.push_back(pending.change->handle);
  }
  const bool orders = handles.size() > 1;
  const bool precedes_commits = round_.mode == Mode::exclusive && !handles.empty();
  if (orders || precedes_commits) batch.add(Sql::lock_tasks, Params().integers(handles));
}

void ApplyPart::look(Batch& batch) {
  std::vector<std::int64_t> handles;
  for (const Pending& pending : pending_) {
    if (pending.revives()) handles.push_back(pending.change->handle);
  }
  if (handles.empty()) return;
  batch.add(Sql::revival_keys, Params().integers(handles),
            [this](const Rows& rows) { return take_holders(rows); });
}

Status ApplyPart::take_holders(const Rows& rows) {
  std::map<std::string, Uuid, std::less<>> taken;  // keys, by tasks that this round revives
  for (int row = 0; row < rows.size(); ++row) {
    const std::int64_t handle = rows.integer(row, 0);
    const auto first = taken.emplace(rows.text(row, 1), rows.uuid(row, 2)).first;
    const Uuid holder = rows.is_null(row, 3) ? first->second : rows.uuid(row, 3);
    if (holder == rows.uuid(row, 2)) continue;
    for (Pending& pending : pending_) {
      if (pending.revives() && pending.change->handle == handle) pending.held_out_by = holder;
    }
  }
  return {};
}

void ApplyPart::write(Batch& batch) {
  for (std::size_t number = 0; number < waves_.size(); ++number) write_wave(batch, number);
  if (round_.mode == Mode::shared) return;
  Array ids(Array::Of::uuids);
  for (const Pending& pending : pending_) {
    if (pending.change->after.state == State::succeeded) ids.add(pending.change->id);
  }
  if (ids.size() == 0) return;
  batch.add(Sql::waiters, Params().array(std::move(ids)),
            [this](const Rows& rows) { return take_waiters(rows); });
}

void ApplyPart::write_wave(Batch& batch, std::size_t number) {
  for (const Sql sql : kChangeStatements) {
    ChangeRows rows(sql);
    for (const auto& [handle, pending] : waves_[number]) {
      if (!pending->held_out_by.is_nil() || statement_of(*pending->change) != sql) continue;
      rows.add(*pending->change, pending->entry);
    }
    if (rows.empty()) continue;
    rows.write(batch,
               [this, number](const Rows& applied) { return take_applied(applied, number); });
  }
}

Status ApplyPart::take_applied(const Rows& rows, std::size_t wave) {
  for (int row = 0; row < rows.size(); ++row) {
    Pending& pending = *waves_[wave].at(rows.integer(row, 0));
    pending.lane = rows.integer(row, 1);
    if (!rows.is_null(row, 2)) round_.record.note_ready(pending.lane, rows.integer(row, 2));
    pending.applied = true;
  }
  return {};
}

void ApplyPart::insert_notifications(Batch& batch) {
  TaskColumns columns;
  for (const Pending& pending : pending_) {
    const PreparedInsert* prepared = pending.call->notifications;
    if (!pending.applied || prepared == nullptr) continue;
    for (std::size_t i = 0; i < pending.change->notifications.size(); ++i) {
      const std::size_t at = pending.first_notification + i;
      columns.add(prepared->requests()[at], prepared->item(at), prepared->lane(at),
                  prepared->now());
    }
  }
  if (columns.size() == 0) return;
  batch.add(Sql::insert_tasks, columns.take(),
            [this](const Rows& rows) { return take_notifications(rows); });
}

Status ApplyPart::take_notifications(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) notifications_.insert(rows.uuid(row, 0));
  return {};
}

void ApplyPart::tell_notifications() {
  for (const Pending& pending : pending_) {
    const PreparedInsert* prepared = pending.call->notifications;
    if (!pending.applied || prepared == nullptr) continue;
    for (std::size_t i = 0; i < pending.change->notifications.size(); ++i) {
      const std::size_t at = pending.first_notification + i;
      const Uuid& id = prepared->requests()[at].id;
      if (notifications_.erase(id) == 0) continue;
      const PreparedInsert::Item& item = prepared->item(at);
      round_.record.tell(id, prepared->lane(at), std::nullopt, item.acceptance.status.state,
                         item.entry);
      if (item.acceptance.status.state == State::ready) {
        round_.record.note_ready(prepared->lane(at), rank(prepared->requests()[at].priority,
                                                          item.acceptance.status.run_at));
      }
    }
  }
}

void ApplyPart::explain(Batch& batch) {
  insert_notifications(batch);
  Array ids(Array::Of::uuids);
  for (const Pending& pending : pending_) {
    if (!pending.applied) ids.add(pending.change->id);
  }
  if (ids.size() == 0) return;
  batch.add(Sql::states_of_ids, Params().array(std::move(ids)),
            [this](const Rows& rows) { return take_states(rows); });
}

Status ApplyPart::take_states(const Rows& rows) {
  std::unordered_map<Uuid, int> row_of;
  for (int row = 0; row < rows.size(); ++row) row_of.emplace(rows.uuid(row, 0), row);
  for (Pending& pending : pending_) {
    if (pending.applied) continue;
    const Change& change = *pending.change;
    Status& answer = pending.call->statuses[pending.place];
    const auto found = row_of.find(change.id);
    if (found == row_of.end()) {
      answer = fail(unknown_task(change.id));
      continue;
    }
    const auto state = static_cast<State>(rows.integer(found->second, 1));
    const std::int64_t fence = rows.integer(found->second, 2);
    const bool as_read = state == change.from.state &&
                         fence == static_cast<std::int64_t>(change.from.fence) &&
                         rows.integer(found->second, 3) == change.from.revision;
    const bool kept_out = as_read && !pending.held_out_by.is_nil();
    answer = fail(kept_out ? held_out(change.id, pending.held_out_by)
                           : changed_since(change.id, state, fence));
  }
  return {};
}

Status ApplyPart::take_waiters(const Rows& rows) {
  const auto names = names_for(round_.lanes, rows, 2);
  if (!names) return fail(names.error());
  for (int row = 0; row < rows.size(); ++row) {
    Waiter& waiter = waiters_[rows.integer(row, 0)];
    if (waiter.waits_for.empty()) waiter.loaded = read_row(rows, row, **names);
    if (!waiter.loaded.whole) return waiter.loaded.whole;
    waiter.waits_for.push_back(rows.uuid(row, 20));
  }
  return {};
}

Status ApplyPart::conclude(Batch& batch) {
  for (const Pending& pending : pending_) {
    if (!pending.applied) continue;
    const Change& change = *pending.change;
    round_.record.tell(change.id, pending.lane, change.from.state, change.after.state,
                       pending.entry);
    if (!pending.succeeds()) continue;
    round_.succeeded.push_back(change.id);
    if (round_.mode == Mode::exclusive) count_down(change);
  }
  tell_notifications();
  if (round_.mode == Mode::exclusive) write_waiters(batch);
  return {};
}

/// Takes the tasks that wait for what has succeeded a step further.
void ApplyPart::count_down(const Change& success) {
  for (auto& [handle, waiter] : waiters_) {
    const auto& waits_for = waiter.waits_for;
    if (std::ranges::find(waits_for, success.id) == waits_for.end()) continue;
    Task& task = waiter.loaded.task;
    const auto step = transition(task, event::DependencySucceeded{}, {.now = success.entry.at});
    WAYBILL_CHECK(step.has_value(), "a waiter is counted down once for each task it waits for");
    std::string entry;
    append_history(entry, step->entry);
    round_.record.tell(task.id(), waiter.loaded.lane, task.status.state, step->after.state, entry);
    if (!waiter.change) waiter.change = *step;
    waiter.change->after = step->after;
    waiter.entries += entry;
    task.status = step->after;
    if (step->after.state == State::ready) {
      round_.record.note_ready(waiter.loaded.lane, rank(task.request.priority, step->after.run_at));
    }
  }
}

void ApplyPart::write_waiters(Batch& batch) {
  round_.hints.tasks_wait = !waiters_.empty();
  for (const Sql sql : {Sql::update_tasks, Sql::update_finished}) {
    ChangeRows rows(sql);
    for (const auto& [handle, waiter] : waiters_) {
      if (waiter.change && statement_of(*waiter.change) == sql) {
        rows.add(*waiter.change, waiter.entries);
      }
    }
    if (!rows.empty()) rows.write(batch, {});
  }
  if (!waiters_.empty()) batch.add(Sql::remove_waits_on, Params().uuids(round_.succeeded));
}

}  // namespace waybill::postgres
