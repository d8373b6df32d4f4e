#include "adapters/postgres/ledger.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>

#include "adapters/postgres/load.h"
#include "adapters/postgres/partitions.h"
#include "base/log.h"

namespace waybill::postgres {
namespace {

/// A handle that no task has.
constexpr std::int64_t kNoHandle = -1;

/// How often partitions that are empty are looked for while tasks are removed.
constexpr Duration kDropEvery = std::chrono::minutes(1);

/// When an overdue task fell due.
Time due_at(const Task& task) {
  return task.status.state == State::leased ? task.status.lease_until : task.status.run_at;
}

/// When the first lease ends and the first task falls due; where none was read, of either kind, it
/// comes after all that were.
OverdueFloors::From first_of(const std::vector<Task>& tasks, std::size_t limit) {
  std::int64_t rest = std::numeric_limits<std::int64_t>::max();
  if (tasks.size() > limit) rest = to_micros(due_at(tasks.back()));
  OverdueFloors::From first{.lease_until = rest, .run_at = rest};
  for (const Task& task : tasks) {
    std::int64_t& time = task.status.state == State::leased ? first.lease_until : first.run_at;
    time = std::min(time, to_micros(due_at(task)));
  }
  return first;
}

}  // namespace

Result<std::vector<Inserted>> PostgresLedgerPort::insert(std::span<const TaskRequest> requests) {
  if (const Status valid = check_requests(requests); !valid) return fail(valid.error());
  if (requests.empty()) return std::vector<Inserted>();
  auto lanes = lanes_.lanes_of(requests);
  if (!lanes) return fail(lanes.error());
  const PreparedInsert prepared(requests, std::move(*lanes), time_.now());
  WriteCall call;
  call.insert = &prepared;
  call.exclusive = prepared.must_look();
  if (Status done = writer_.write(call); !done) return fail(done.error());
  return std::move(call.inserted);
}

Result<std::vector<Task>> PostgresLedgerPort::claim(const ClaimParams& params) {
  if (params.limit == 0) return std::vector<Task>();
  WriteCall call;
  call.claim = &params;
  if (Status done = writer_.write(call); !done) return fail(done.error());
  return std::move(call.claimed);
}

bool PostgresLedgerPort::must_be_exclusive(const Change& change) const {
  // A blocked task and a finished one are written under the lock alone, so that whoever has the
  // lock need not wait for their rows.
  if (change.from.state == State::blocked || is_finished(change.from.state)) return true;
  return change.after.state == State::succeeded && writer_.tasks_wait();
}

Result<std::vector<Change>> PostgresLedgerPort::with_handles(std::span<const Change> changes) {
  std::vector<Uuid> ids;
  for (const Change& change : changes) {
    if (change.handle == 0) ids.push_back(change.id);
  }
  const auto rows = database_.read(Sql::handles_of_ids, std::move(Params().uuids(ids)));
  if (!rows) return fail(rows.error());
  std::unordered_map<Uuid, std::int64_t> handles;
  for (int row = 0; row < rows->size(); ++row) {
    handles.emplace(rows->uuid(row, 0), rows->integer(row, 1));
  }
  std::vector<Change> complete(changes.begin(), changes.end());
  for (Change& change : complete) {
    if (change.handle != 0) continue;
    const auto found = handles.find(change.id);
    change.handle = found == handles.end() ? kNoHandle : found->second;
  }
  return complete;
}

Result<std::vector<Status>> PostgresLedgerPort::apply(std::span<const Change> changes) {
  if (changes.empty()) return std::vector<Status>();
  std::vector<Change> complete;
  if (std::ranges::any_of(changes, [](const Change& change) { return change.handle == 0; })) {
    auto found = with_handles(changes);
    if (!found) return fail(found.error());
    complete = std::move(*found);
    changes = complete;
  }
  WriteCall call;
  call.changes = changes;
  call.exclusive =
      std::ranges::any_of(changes, [this](const Change& c) { return must_be_exclusive(c); });
  std::vector<TaskRequest> told;
  for (const Change& change : changes) {
    told.insert(told.end(), change.notifications.begin(), change.notifications.end());
  }
  std::optional<PreparedInsert> notifications;
  if (!told.empty()) {
    auto lanes = lanes_.lanes_of(told);
    if (lanes) {
      call.notifications = &notifications.emplace(told, std::move(*lanes), time_.now());
    } else if (lanes.error().code != Code::out_of_range) {
      return fail(lanes.error());
    } else {
      // That a ledger is full of queues must not keep work from ending.
      log::error("notification_dropped", lanes.error().message, {{"notifications", told.size()}});
    }
  }
  if (Status done = writer_.write(call); !done) return fail(done.error());
  return std::move(call.statuses);
}

Result<std::vector<ExtendOutcome>> PostgresLedgerPort::extend(
    std::span<const Extension> extensions) {
  if (extensions.empty()) return std::vector<ExtendOutcome>();
  WriteCall call;
  call.extensions = extensions;
  if (Status done = writer_.write(call); !done) return fail(done.error());
  return std::move(call.extended);
}

Result<std::vector<Status>> PostgresLedgerPort::record(std::span<const Report> reports) {
  if (reports.empty()) return std::vector<Status>();
  WriteCall call;
  call.reports = reports;
  if (Status done = writer_.write(call); !done) return fail(done.error());
  return std::move(call.statuses);
}

Result<std::vector<Uuid>> PostgresLedgerPort::remove(std::span<const Uuid> ids,
                                                     Time finished_before) {
  if (ids.empty()) return std::vector<Uuid>();
  WriteCall call;
  call.removals = ids;
  call.finished_before = finished_before;
  call.exclusive = true;
  if (Status done = writer_.write(call); !done) return fail(done.error());
  if (!call.removed.empty()) drop_partitions_now_and_then();
  return std::move(call.removed);
}

void PostgresLedgerPort::drop_partitions_now_and_then() {
  const SteadyTime now = time_.steady_now();
  std::int64_t next = next_drop_;
  if (now.time_since_epoch().count() < next) return;
  const auto later = (now + kDropEvery).time_since_epoch().count();
  if (!next_drop_.compare_exchange_strong(next, later)) return;
  // What was removed is removed; an empty partition that stays costs some planning.
  if (const auto dropped = drop_empty_partitions(database_); !dropped) {
    log::warn("partitions_not_dropped", "empty partitions could not be dropped now",
              {{"error", dropped.error().message}});
  }
}

Result<Overdue> PostgresLedgerPort::overdue(std::size_t limit) {
  const Time now = time_.now();
  const std::int64_t began = time_.steady_micros();
  const OverdueFloors::From from = overdue_floors_.from(began);
  // One more than is asked for, to know when the next one falls due.
  Params params;
  params.integer(static_cast<std::int64_t>(limit) + 1);
  params.integer(from.lease_until).integer(from.run_at);
  const auto rows = database_.read(Sql::overdue, params);
  if (!rows) return fail(rows.error());
  const auto names = names_for(lanes_, *rows, 2);
  if (!names) return fail(names.error());
  auto tasks = read_tasks(*rows, **names);
  if (!tasks) return fail(tasks.error());
  const std::int64_t ended = time_.steady_micros();
  overdue_floors_.learn(from, first_of(*tasks, limit), to_micros(now), ended, ended - began);
  Overdue overdue;
  for (Task& task : *tasks) {
    if (due_at(task) > now || overdue.tasks.size() == limit) {
      overdue.next = due_at(task);
      break;
    }
    overdue.tasks.push_back(std::move(task));
  }
  return overdue;
}

}  // namespace waybill::postgres
