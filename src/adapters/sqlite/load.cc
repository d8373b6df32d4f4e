#include "adapters/sqlite/load.h"

#include <algorithm>
#include <unordered_map>

#include "adapters/sqlite/transaction.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

/// A task that time alone will change, and when.
struct Timed {
  Time at{};
  std::int64_t handle = 0;

  auto operator<=>(const Timed&) const = default;
};

Status add_timed(Database& database, Sql name, std::size_t limit, std::vector<Timed>& timed) {
  const auto query = database.statement(name);
  if (!query) return fail(query.error());
  (*query)->bind(1, static_cast<std::int64_t>(limit));
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    timed.push_back({.at = from_micros((*query)->integer(1)), .handle = (*query)->integer(0)});
  }
}

}  // namespace

LoadedTask read_row(Statement& row) {
  LoadedTask loaded;
  Task& task = loaded.task;
  TaskRequest& request = task.request;
  TaskStatus& status = task.status;
  task.handle = row.integer(0);
  request.id = to_uuid(row.blob(1));
  loaded.lane = row.integer(2);
  request.priority = static_cast<int>(row.integer(3));
  status.state = static_cast<State>(row.integer(4));
  status.revision = static_cast<std::uint32_t>(row.integer(5));
  status.fence = static_cast<std::uint64_t>(row.integer(6));
  status.waiting_for = static_cast<std::uint32_t>(row.integer(7));
  status.run_at = from_micros(row.integer(8));
  status.lease_until = from_micros(row.integer(9));
  status.finished_at = from_micros(row.integer(10));
  request.dedup_key = row.text(11);
  request.dedup_scope = static_cast<DedupScope>(row.integer(12));
  loaded.whole = decode_detail(row.blob(13), status);
  task.created_at = from_micros(row.integer(14));
  request.definition = row.text(15);
  request.created_by = row.text(16);
  request.spec = row.text(17);
  request.params = row.text(18);
  if (Status rest = decode_rest(row.blob(19), request); loaded.whole) loaded.whole = rest;
  return loaded;
}

Result<LoadedTask> read_task(Statement& row) {
  LoadedTask loaded = read_row(row);
  if (!loaded.whole) return fail(loaded.whole.error());
  return loaded;
}

void name_lane(LoadedTask& loaded, const Lane& lane) {
  loaded.task.request.queue = lane.queue;
  loaded.task.request.kind = lane.kind;
}

Result<std::vector<LoadedTask>> load_rows(Database& database,
                                          std::span<const std::int64_t> handles) {
  std::vector<LoadedTask> tasks;
  if (handles.empty()) return tasks;
  tasks.reserve(handles.size());
  feed_handles(database.feed(), handles);
  const auto query = database.statement(Sql::load_tasks);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return tasks;
    tasks.push_back(read_row(**query));
  }
}

Result<std::vector<LoadedTask>> load_tasks(Database& database,
                                           std::span<const std::int64_t> handles) {
  auto tasks = load_rows(database, handles);
  if (!tasks) return fail(tasks.error());
  for (const LoadedTask& task : *tasks) {
    if (!task.whole) return fail(task.whole.error());
  }
  return tasks;
}

Result<std::vector<Task>> load_named_tasks(Database& database,
                                           std::span<const std::int64_t> handles) {
  auto loaded = load_tasks(database, handles);
  if (!loaded) return fail(loaded.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  std::unordered_map<std::int64_t, const Lane*> by_number;
  for (const Lane& lane : *lanes) by_number[lane.lane] = &lane;
  std::vector<Task> tasks;
  tasks.reserve(loaded->size());
  for (LoadedTask& one : *loaded) {
    if (const auto lane = by_number.find(one.lane); lane != by_number.end()) {
      name_lane(one, *lane->second);
    }
    tasks.push_back(std::move(one.task));
  }
  return tasks;
}

Result<Uuid> find_holder(Database& database, std::string_view dedup_key) {
  const auto query = database.statement(Sql::id_of_key);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_text(1, dedup_key).step();
  if (!row) return fail(row.error());
  return *row ? to_uuid((*query)->blob(0)) : Uuid{};
}

Result<bool> is_waited_for(Database& database, const Uuid& id) {
  const auto query = database.statement(Sql::is_waited_for);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  const auto row = (*query)->bind_blob(1, bytes_of(id)).step();
  if (!row) return fail(row.error());
  return *row && (*query)->integer(0) != 0;
}

Result<Overdue> find_overdue(Database& database, Time now, std::size_t limit) {
  // One more than is asked for, to know when the next one falls due.
  std::vector<Timed> timed;
  for (const Sql name : {Sql::overdue_leases, Sql::overdue_delays}) {
    if (Status added = add_timed(database, name, limit + 1, timed); !added) {
      return fail(added.error());
    }
  }
  std::ranges::sort(timed);
  Overdue overdue;
  std::vector<std::int64_t> handles;
  for (const Timed& one : timed) {
    if (one.at > now || handles.size() == limit) {
      overdue.next = one.at;
      break;
    }
    handles.push_back(one.handle);
  }
  auto tasks = load_named_tasks(database, handles);
  if (!tasks) return fail(tasks.error());
  overdue.tasks = std::move(*tasks);
  return overdue;
}

}  // namespace waybill::sqlite
