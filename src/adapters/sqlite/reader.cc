#include "adapters/sqlite/reader.h"

#include <algorithm>
#include <map>
#include <set>

#include "adapters/sqlite/event_tail.h"
#include "adapters/sqlite/ledger.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/page.h"
#include "core/history.h"
#include "core/priority.h"
#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

/// How often a wait for the tail looks for commits of other processes.
constexpr Duration kLookEvery = std::chrono::milliseconds(15);

/// Steps a statement of one id; `not_found` when it gives no row.
Result<Statement*> row_of(Database& database, Sql name, const Uuid& id) {
  const auto query = database.statement(name);
  if (!query) return fail(query.error());
  const auto row = (*query)->bind_blob(1, bytes_of(id)).step();
  if (!row) return fail(row.error());
  if (!*row) return fail(unknown_task(id));
  return *query;
}

Result<Task> get_task(Database& database, const Uuid& id) {
  const auto row = row_of(database, Sql::load_task, id);
  if (!row) return fail(row.error());
  const ResetAtExit reset(**row);
  auto loaded = read_task(**row);
  if (!loaded) return fail(loaded.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  const auto lane = std::ranges::find(*lanes, loaded->lane, &Lane::lane);
  if (lane != lanes->end()) name_lane(*loaded, *lane);
  return std::move(loaded->task);
}

Result<std::vector<Dependency>> read_dependencies(Database& database, const Task& task) {
  std::vector<Dependency> dependencies;
  std::set<Uuid> seen;
  for (const Uuid& id : task.request.waits_for) {
    if (!seen.insert(id).second) continue;
    const auto row = row_of(database, Sql::state_of_id, id);
    if (!row && row.error().code == Code::not_found) continue;  // removed since
    if (!row) return fail(row.error());
    const ResetAtExit reset(**row);
    dependencies.push_back({.id = id, .state = static_cast<State>((*row)->integer(0))});
  }
  return dependencies;
}

Result<std::size_t> count_ahead(Database& database, const Task& task, std::size_t limit) {
  std::size_t count = 0;
  if (task.status.state != State::ready) return count;
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  const auto query = database.statement(Sql::ready_ahead);
  if (!query) return fail(query.error());
  for (const Lane& lane : *lanes) {
    if (lane.queue != task.request.queue) continue;
    (*query)->bind(1, lane.lane).bind(2, rank(task.request.priority, task.status.run_at));
    (*query)->bind(3, task.handle).bind(4, static_cast<std::int64_t>(limit - count));
    for (;;) {
      const auto row = (*query)->step();
      if (!row) return fail(row.error());
      if (!*row) break;
      ++count;
    }
  }
  return count;
}

}  // namespace

Result<Task> SqliteReaderPort::get(const Uuid& id) {
  return readers_.read<Task>([&](Database& database) { return get_task(database, id); });
}

Result<std::vector<HistoryEntry>> SqliteReaderPort::history(const Uuid& id) {
  using History = std::vector<HistoryEntry>;
  return readers_.read<History>([&](Database& database) -> Result<History> {
    const auto row = row_of(database, Sql::history, id);
    if (!row) return fail(row.error());
    const ResetAtExit reset(**row);
    return read_history((*row)->blob(0));
  });
}

Result<TaskPage> SqliteReaderPort::page(const PageParams& params) {
  return readers_.read<TaskPage>([&](Database& database) { return read_page(database, params); });
}

Result<std::vector<QueueCounts>> SqliteReaderPort::counts() {
  const auto lanes = readers_.read<std::vector<Lane>>(read_lanes);
  if (!lanes) return fail(lanes.error());
  std::vector<QueueCounts> counts;  // lanes come by queue
  for (const Lane& lane : *lanes) {
    if (counts.empty() || counts.back().queue != lane.queue)
      counts.push_back({.queue = lane.queue});
    for (std::size_t state = 0; state < lane.counts.size(); ++state) {
      counts.back().by_state[state] += lane.counts[state];
    }
  }
  return counts;
}

Result<std::vector<LedgerEvent>> SqliteReaderPort::events(std::uint64_t after, std::size_t limit) {
  return readers_.read<std::vector<LedgerEvent>>(
      [&](Database& database) { return read_tail(database, after, limit); });
}

Result<std::uint64_t> SqliteReaderPort::last_sequence(std::optional<std::uint64_t> past,
                                                      const Deadline& deadline) {
  for (;;) {
    const std::uint64_t seen = bell_.rung();
    const auto last = readers_.read<std::uint64_t>(newest_sequence);
    if (!last || !past || *last > *past) return last;
    const SteadyTime now = clock_.steady_now();
    if (now >= deadline.at || deadline.stop_requested()) return last;
    // Our own commits ring; those of other processes are seen by looking again.
    const Deadline slice{.at = std::min(deadline.at, now + kLookEvery), .stop = deadline.stop};
    bell_.wait(seen, slice, clock_);
  }
}

Result<std::vector<Dependency>> SqliteReaderPort::dependencies(const Uuid& id) {
  using Dependencies = std::vector<Dependency>;
  return readers_.read<Dependencies>([&](Database& database) -> Result<Dependencies> {
    const auto task = get_task(database, id);
    if (!task) return fail(task.error());
    return read_dependencies(database, *task);
  });
}

Result<LedgerReader::Reported> SqliteReaderPort::reported(const Uuid& id) {
  return readers_.read<Reported>([&](Database& database) -> Result<Reported> {
    const auto row = row_of(database, Sql::report, id);
    if (!row) return fail(row.error());
    const ResetAtExit reset(**row);
    return Reported{.progress = std::string((*row)->text(1)),
                    .checkpoint = std::string((*row)->text(2))};
  });
}

Result<std::size_t> SqliteReaderPort::ahead(const Uuid& id, std::size_t limit) {
  return readers_.read<std::size_t>([&](Database& database) -> Result<std::size_t> {
    const auto task = get_task(database, id);
    if (!task) return fail(task.error());
    return count_ahead(database, *task, limit);
  });
}

Result<std::vector<bool>> SqliteReaderPort::known(std::span<const Uuid> ids) {
  using Known = std::vector<bool>;
  return readers_.read<Known>([&](Database& database) -> Result<Known> {
    Known known;
    known.reserve(ids.size());
    for (const Uuid& id : ids) {
      const auto row = row_of(database, Sql::state_of_id, id);
      if (!row && row.error().code != Code::not_found) return fail(row.error());
      known.push_back(row.has_value());
      if (row) const ResetAtExit reset(**row);
    }
    return known;
  });
}

Result<Uuid> SqliteReaderPort::holder(const std::string& dedup_key) {
  return readers_.read<Uuid>([&](Database& database) { return find_holder(database, dedup_key); });
}

}  // namespace waybill::sqlite
