#include "adapters/postgres/retirement.h"

#include <utility>

#include "adapters/postgres/partitions.h"

namespace waybill::postgres {
namespace {

/// What is removed in one transaction of what belonged to tasks that are gone: some tenths of a
/// second, in which nobody waits for it.
constexpr std::int64_t kClearedAtOnce = 20'000;

/// What may be left of a partition that goes as a whole, and is written anew; and how many times
/// as much has to go.
constexpr std::int64_t kKeptMax = 10'000;
constexpr std::int64_t kDuePerKept = 10;

Params expired(std::span<const Expiry> due) {
  Array queues(Array::Of::texts);
  Array outcomes(Array::Of::integers);
  Array befores(Array::Of::integers);
  for (const Expiry& expiry : due) {
    queues.add(expiry.queue);
    outcomes.add(static_cast<std::int64_t>(expiry.outcome));
    befores.add(to_micros(expiry.finished_before));
  }
  Params params;
  params.array(std::move(queues)).array(std::move(outcomes)).array(std::move(befores));
  return params;
}

Result<bool> is_worth_it(Database& database, std::int64_t span, std::span<const Expiry> due) {
  const std::int64_t first = span * kHandlesPerPartition;
  const std::int64_t end = first + kHandlesPerPartition;
  const auto kept = database.read(
      Sql::count_kept, std::move(expired(due).integer(first).integer(end).integer(kKeptMax + 1)));
  if (!kept) return fail(kept.error());
  if (kept->integer(0, 0) > kKeptMax) return false;
  const auto all =
      database.read(Sql::count_finished_between, std::move(Params().integer(first).integer(end)));
  if (!all) return fail(all.error());
  const std::int64_t gone = all->integer(0, 0) - kept->integer(0, 0);
  return gone > 0 && gone >= kDuePerKept * kept->integer(0, 0);
}

/// A handle up to which each task's waits have been committed: they are written with the lock of
/// commits held from before the task has its handle.
Result<std::int64_t> settled_handle(Database& database) {
  std::int64_t handle = 0;
  const Status done = database.transaction([&handle](Connection& connection) -> Status {
    const auto last = connection.run(Sql::next_handle, {}, {});
    if (!last) return fail(last.error());
    handle = last->integer(0, 0);
    const auto locked = connection.run(Sql::lock_commits, {}, {});
    return locked ? Status() : fail(locked.error());
  });
  if (!done) return fail(done.error());
  return handle;
}

/// How many tasks went; none: it could not be taken out now.
Result<std::int64_t> retire(Database& database, std::int64_t span, std::span<const Expiry> due) {
  const auto settled = settled_handle(database);
  if (!settled) return fail(settled.error());
  std::int64_t tasks = 0;
  const Status done = database.transaction([&](Connection& connection) -> Status {
    const auto retired = connection.run(
        Sql::retire_partition,
        std::move(expired(due).integer(span).integer(kKeptMax).integer(*settled)), {});
    if (!retired) return fail(retired.error());
    tasks = retired->integer(0, 0);
    return {};
  });
  if (!done && done.error().code != Code::unavailable) return fail(done.error());
  return done ? tasks : 0;
}

}  // namespace

Result<PartsStep> PostgresHistoryParts::remove_some(std::span<const Expiry> due) {
  using Next = PartsStep::Next;
  const auto cleared =
      database_.write(Sql::clear_retired, std::move(Params().integer(kClearedAtOnce)));
  if (!cleared && cleared.error().code != Code::unavailable) return fail(cleared.error());
  if (cleared && !cleared->is_null(0, 0)) return PartsStep{.next = Next::more};
  const auto partitions = database_.read(Sql::partitions);
  if (!partitions) return fail(partitions.error());
  PartsStep step{.next = cleared ? Next::none : Next::later};
  for (int row = 0; row + 1 < partitions->size(); ++row) {  // the newest is last
    const std::int64_t span = partitions->integer(row, 0);
    const auto worth_it = is_worth_it(database_, span, due);
    if (!worth_it) return fail(worth_it.error());
    if (!*worth_it) continue;
    const auto retired = retire(database_, span, due);
    if (!retired) return fail(retired.error());
    if (*retired > 0) return PartsStep{.tasks = *retired, .next = Next::more};
    step.next = Next::later;
  }
  return step;
}

Status clear_all_retired(Connection& connection) {
  for (;;) {
    const auto cleared = connection.run(Sql::clear_retired, Params().integer(kClearedAtOnce), {});
    if (!cleared) return fail(cleared.error());
    if (cleared->is_null(0, 0)) return {};
  }
}

}  // namespace waybill::postgres
