#include "adapters/sqlite/apply.h"

#include <algorithm>

#include "adapters/sqlite/insert.h"
#include "adapters/sqlite/ledger.h"
#include "adapters/sqlite/load.h"
#include "base/check.h"
#include "base/log.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

/// Loads the rows of elements that have an id and perhaps a handle; gives them in order, null where
/// there is no such task.
template <class Element>
Result<std::vector<TaskRow*>> rows_of(Transaction& transaction, std::span<const Element> elements) {
  std::vector<std::int64_t> handles;
  handles.reserve(elements.size());
  for (const Element& element : elements) handles.push_back(element.handle);
  if (Status loaded = transaction.load(handles); !loaded) return fail(loaded.error());

  std::vector<TaskRow*> rows;
  rows.reserve(elements.size());
  std::vector<std::size_t> unresolved;  // no handle, or one that is another task's by now
  std::vector<Uuid> ids;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    rows.push_back(transaction.find(handles[i]));
    if (rows[i] != nullptr && rows[i]->id == elements[i].id) continue;
    unresolved.push_back(i);
    ids.push_back(elements[i].id);
  }
  if (unresolved.empty()) return rows;
  const auto found = handles_of(transaction.database(), ids);
  if (!found) return fail(found.error());
  if (Status loaded = transaction.load(*found); !loaded) return fail(loaded.error());
  for (std::size_t k = 0; k < unresolved.size(); ++k) {
    rows[unresolved[k]] = transaction.find((*found)[k]);
  }
  return rows;
}

/// A report has no handle: it comes seldom enough to be found by its id.
struct ById {
  Uuid id;
  std::int64_t handle = 0;
};

bool still_applies(const TaskRow& row, const Change& change) {
  return row.state == change.from.state && row.fence == change.from.fence &&
         row.revision == change.from.revision &&
         (!change.from_lease_until || *change.from_lease_until == row.lease_until);
}

/// A task that becomes live again takes its key again, unless another has it by now.
Result<Status> key_is_free(Transaction& transaction, const TaskRow& row) {
  if (row.dedup_key.empty() || row.dedup_scope == DedupScope::forever) return Status();
  if (Status flushed = transaction.flush(); !flushed) return fail(flushed.error());
  const auto holder = find_holder(transaction.database(), row.dedup_key);
  if (!holder) return fail(holder.error());
  if (holder->is_nil()) return Status();
  return Status(fail(Code::already_exists, "task " + to_string(row.id) +
                                               " cannot become live again: task " +
                                               to_string(*holder) + " has its dedup key by now"));
}

/// Takes the tasks that wait for this one a step further.
Status unblock_waiters(Transaction& transaction, const Uuid& succeeded, Time now);

/// The answer to one change; an error of the outer kind is the ledger's.
Result<Status> apply_one(Transaction& transaction, TaskRow* row, const Change& change) {
  if (row == nullptr) return Status(fail(unknown_task(change.id)));
  if (!still_applies(*row, change)) {
    return Status(fail(Code::aborted, "task " + to_string(change.id) +
                                          " has changed since it was read: it is " +
                                          std::string(to_string(row->state)) + " with fence " +
                                          std::to_string(row->fence) + " by now"));
  }
  if (is_finished(row->state) && !is_finished(change.after.state)) {
    auto free = key_is_free(transaction, *row);
    if (!free || !*free) return free;
  }
  const bool succeeds = row->state != State::succeeded && change.after.state == State::succeeded;
  transaction.change(*row, change);
  if (!succeeds) return Status();
  const auto any_waits = transaction.any_waits();
  if (!any_waits) return fail(any_waits.error());
  if (!*any_waits) return Status();
  if (Status unblocked = unblock_waiters(transaction, change.id, change.entry.at); !unblocked) {
    return fail(unblocked.error());
  }
  return Status();
}

Result<std::vector<std::int64_t>> waiters_of(Database& database, const Uuid& id) {
  const auto query = database.statement(Sql::waiters);
  if (!query) return fail(query.error());
  (*query)->bind_blob(1, bytes_of(id));
  std::vector<std::int64_t> waiters;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return waiters;
    waiters.push_back((*query)->integer(0));
  }
}

Status unblock_waiters(Transaction& transaction, const Uuid& succeeded, Time now) {
  Database& database = transaction.database();
  const auto waiters = waiters_of(database, succeeded);
  if (!waiters) return fail(waiters.error());
  if (waiters->empty()) return {};
  if (Status flushed = transaction.flush(); !flushed) return flushed;
  auto tasks = load_tasks(database, *waiters);
  if (!tasks) return fail(tasks.error());
  for (const LoadedTask& waiter : *tasks) {
    const auto step = transition(waiter.task, event::DependencySucceeded{}, {.now = now});
    WAYBILL_CHECK(step.has_value(), "a waiter is counted down once for each task it waits for");
    transaction.change(transaction.adopt(waiter.task, waiter.lane), *step);
  }
  const auto settle = database.statement(Sql::remove_waits_on);
  if (!settle) return fail(settle.error());
  return (*settle)->bind_blob(1, bytes_of(succeeded)).run();
}

/// Of the changes that took effect.
Status insert_notifications(Transaction& transaction, std::span<const Change> changes,
                            std::span<const Status> answers) {
  std::vector<TaskRequest> requests;
  Time now{};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    if (!answers[i] || changes[i].notifications.empty()) continue;
    now = std::max(now, changes[i].entry.at);
    const auto& told = changes[i].notifications;
    requests.insert(requests.end(), told.begin(), told.end());
  }
  if (requests.empty()) return {};
  Insertion insertion(requests, now);
  std::vector<Inserted> inserted;
  const Status done = insertion.run(transaction, inserted);
  if (done || done.error().code != Code::out_of_range) return done;
  // Nothing was written of them. That a ledger is full of queues must not keep work from ending.
  log::error("notification_dropped", done.error().message, {{"notifications", requests.size()}});
  return {};
}

bool holds_lease(const TaskRow* row, std::uint64_t fence) {
  return row != nullptr && row->state == State::leased && row->fence == fence;
}

Status remove_one(Transaction& transaction, const TaskRow& row) {
  Database& database = transaction.database();
  if (!row.dedup_key.empty() && row.dedup_scope == DedupScope::forever) {
    const auto spend = database.statement(Sql::add_spent_key);
    if (!spend) return fail(spend.error());
    (*spend)->bind_text(1, row.dedup_key).bind_blob(2, bytes_of(row.id));
    if (Status spent = (*spend)->run(); !spent) return spent;
    transaction.expect_spent_keys();
  }
  for (const Sql name : {Sql::remove_task, Sql::remove_request, Sql::remove_report,
                         Sql::remove_waits_of, Sql::remove_artifacts, Sql::raise_handle_floor}) {
    const auto statement = database.statement(name);
    if (!statement) return fail(statement.error());
    if (Status done = (*statement)->bind(1, row.handle).run(); !done) return done;
  }
  transaction.lanes().add(row.lane, row.state, -1);
  transaction.forget(row.handle);
  return {};
}

}  // namespace

Status apply_changes(Transaction& transaction, std::span<const Change> changes,
                     std::vector<Status>& answers) {
  const auto rows = rows_of(transaction, changes);
  if (!rows) return fail(rows.error());
  answers.reserve(changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto answer = apply_one(transaction, (*rows)[i], changes[i]);
    if (!answer) return fail(answer.error());
    answers.push_back(std::move(*answer));
  }
  return insert_notifications(transaction, changes, answers);
}

Status extend_leases(Transaction& transaction, std::span<const Extension> extensions, Time now,
                     std::vector<ExtendOutcome>& answers) {
  const auto rows = rows_of(transaction, extensions);
  if (!rows) return fail(rows.error());
  answers.reserve(extensions.size());
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    TaskRow* row = (*rows)[i];
    if (!holds_lease(row, extensions[i].fence)) {
      answers.push_back(ExtendOutcome::lost);
      continue;
    }
    TaskStatus detail;
    if (Status decoded = decode_detail(row->detail, detail); !decoded) return decoded;
    row->lease_until = now + extensions[i].lease;
    transaction.touch(*row);
    answers.push_back(detail.cancel.requested() ? ExtendOutcome::cancel_requested
                                                : ExtendOutcome::extended);
  }
  return {};
}

Status record_reports(Transaction& transaction, std::span<const Report> reports,
                      std::vector<Status>& answers) {
  std::vector<ById> tasks;
  for (const Report& report : reports) tasks.push_back({.id = report.id});
  const auto rows = rows_of<ById>(transaction, tasks);
  if (!rows) return fail(rows.error());
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const Report& report = reports[i];
    const TaskRow* row = (*rows)[i];
    if (row == nullptr) {
      answers.push_back(fail(unknown_task(report.id)));
      continue;
    }
    if (!holds_lease(row, report.fence)) {
      answers.push_back(fail(Code::aborted, "task " + to_string(report.id) +
                                                " is not leased with fence " +
                                                std::to_string(report.fence) + " any more"));
      continue;
    }
    const auto put = transaction.database().statement(Sql::put_report);
    if (!put) return fail(put.error());
    transaction.note_write();
    (*put)->bind(1, row->handle).bind_text(2, report.progress).bind_text(3, report.checkpoint);
    if (Status done = (*put)->run(); !done) return done;
    answers.emplace_back();
  }
  return {};
}

Status remove_tasks(Transaction& transaction, std::span<const Uuid> ids, Time finished_before,
                    std::vector<Uuid>& removed) {
  if (Status flushed = transaction.flush(); !flushed) return flushed;
  const auto handles = handles_of(transaction.database(), ids);
  if (!handles) return fail(handles.error());
  if (Status loaded = transaction.load(*handles); !loaded) return loaded;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const TaskRow* row = transaction.find((*handles)[i]);
    if (row == nullptr || !is_finished(row->state)) continue;
    if (row->finished_at >= finished_before) continue;
    const auto needed = is_waited_for(transaction.database(), ids[i]);
    if (!needed) return fail(needed.error());
    if (*needed) continue;
    transaction.note_write();
    if (Status done = remove_one(transaction, *row); !done) return done;
    removed.push_back(ids[i]);
  }
  return {};
}

}  // namespace waybill::sqlite
