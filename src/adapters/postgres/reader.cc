#include "adapters/postgres/reader.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "adapters/postgres/event_tail.h"
#include "adapters/postgres/load.h"
#include "adapters/postgres/page.h"
#include "adapters/postgres/tally.h"
#include "core/history.h"
#include "core/priority.h"

namespace waybill::postgres {
Result<Rows> PostgresReaderPort::row_of(Sql sql, const Uuid& id) {
  auto rows = database_.read(sql, Params().uuid(id));
  if (!rows) return fail(rows.error());
  if (rows->empty()) return fail(unknown_task(id));
  return rows;
}

Result<Task> PostgresReaderPort::get(const Uuid& id) {
  const auto rows = row_of(Sql::row_of_id, id);
  if (!rows) return fail(rows.error());
  const auto names = names_for(lanes_, *rows, 2);
  if (!names) return fail(names.error());
  LoadedTask loaded = read_row(*rows, 0, **names);
  if (!loaded.whole) return fail(loaded.whole.error());
  return std::move(loaded.task);
}

Result<std::vector<HistoryEntry>> PostgresReaderPort::history(const Uuid& id) {
  const auto rows = row_of(Sql::history, id);
  if (!rows) return fail(rows.error());
  return read_history(rows->text(0, 0));
}

Result<TaskPage> PostgresReaderPort::page(const PageParams& params) {
  return read_page(database_, lanes_, params);
}

Result<std::vector<QueueCounts>> PostgresReaderPort::counts() {
  const auto lanes = read_counts(database_);
  if (!lanes) return fail(lanes.error());
  std::vector<QueueCounts> counts;  // lanes come by queue
  for (const LaneCounts& lane : *lanes) {
    if (!lane.used) continue;
    if (counts.empty() || counts.back().queue != lane.queue) {
      counts.push_back({.queue = lane.queue});
    }
    for (std::size_t state = 0; state < lane.counts.size(); ++state) {
      counts.back().by_state[state] += lane.counts[state];
    }
  }
  return counts;
}

Result<std::vector<LedgerEvent>> PostgresReaderPort::events(std::uint64_t after,
                                                            std::size_t limit) {
  return read_tail(database_, lanes_, after, limit);
}

Result<std::uint64_t> PostgresReaderPort::last_sequence(std::optional<std::uint64_t> past,
                                                        const Deadline& deadline) {
  Clock& clock = database_.pool().clock();
  bool looked = false;  // and nobody had told
  // Who comes again is told of most that came since; of the rest soon.
  bool asks = !past || news_.newest() == 0;
  for (;;) {
    const std::uint64_t seen = bell_.rung();
    const std::uint64_t known = news_.newest();
    const bool is_past = past && known > *past;
    if (is_past && news_.is_fresh()) return known;
    const SteadyTime now = clock.steady_now();
    const bool is_over = now >= deadline.at || deadline.stop_requested();
    if (news_.take_doubt() || asks || is_over || is_past) {
      const auto last = newest_sequence(database_);
      if (last) {
        news_.learn(*last, known);
      } else {
        news_.doubt();
      }
      // The doubt was everybody's, and the others may wait since.
      if (last && *last > known) bell_.ring();
      if (looked && last && *last > *past) news_.found_untold();
      if (!last || !past || *last > *past || is_over) return last;
    }
    // Our own commits ring, and those that other programs tell of; some have to be looked for.
    const Deadline slice{.at = std::min(deadline.at, now + news_.look_every()),
                         .stop = deadline.stop};
    looked = bell_.wait(seen, slice, clock) == Bell::Woken::in_vain;
    asks = looked;
  }
}

Result<std::vector<Dependency>> PostgresReaderPort::dependencies(const Uuid& id) {
  const auto task = get(id);
  if (!task) return fail(task.error());
  const auto rows =
      database_.read(Sql::states_of_ids, std::move(Params().uuids(task->request.waits_for)));
  if (!rows) return fail(rows.error());
  std::vector<Dependency> dependencies;
  for (int row = 0; row < rows->size(); ++row) {
    dependencies.push_back(
        {.id = rows->uuid(row, 0), .state = static_cast<State>(rows->integer(row, 1))});
  }
  return dependencies;
}

Result<LedgerReader::Reported> PostgresReaderPort::reported(const Uuid& id) {
  const auto rows = row_of(Sql::report, id);
  if (!rows) return fail(rows.error());
  return Reported{.progress = std::string(rows->text(0, 0)),
                  .checkpoint = std::string(rows->text(0, 1))};
}

Result<std::size_t> PostgresReaderPort::ahead(const Uuid& id, std::size_t limit) {
  const auto task = get(id);
  if (!task) return fail(task.error());
  if (task->status.state != State::ready) return std::size_t{0};
  Params params;
  params.text(task->request.queue).integer(rank(task->request.priority, task->status.run_at));
  params.integer(task->handle).integer(static_cast<std::int64_t>(limit));
  const auto rows = database_.read(Sql::ready_ahead, params);
  if (!rows) return fail(rows.error());
  return static_cast<std::size_t>(rows->integer(0, 0));
}

Result<std::vector<bool>> PostgresReaderPort::known(std::span<const Uuid> ids) {
  const auto rows = database_.read(Sql::states_of_ids, std::move(Params().uuids(ids)));
  if (!rows) return fail(rows.error());
  std::unordered_set<Uuid> found;
  for (int row = 0; row < rows->size(); ++row) found.insert(rows->uuid(row, 0));
  std::vector<bool> known;
  known.reserve(ids.size());
  for (const Uuid& id : ids) known.push_back(found.contains(id));
  return known;
}

Result<Uuid> PostgresReaderPort::holder(const std::string& key) {
  if (key.empty()) return Uuid{};
  Array keys(Array::Of::bytes);
  keys.add(key);
  const auto rows = database_.read(Sql::key_holders, std::move(Params().array(std::move(keys))));
  if (!rows) return fail(rows.error());
  return rows->empty() ? Uuid{} : rows->uuid(0, 1);
}

}  // namespace waybill::postgres
