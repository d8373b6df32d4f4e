#include "adapters/postgres/partitions.h"

namespace waybill::postgres {
namespace {

/// Found out before anybody is kept out, as there may be many dead rows.
Result<bool> seems_empty(Database& database, std::int64_t span) {
  Params handles;
  handles.integer(span * kHandlesPerPartition).integer((span + 1) * kHandlesPerPartition);
  const auto found = database.read(Sql::any_finished_between, handles);
  if (!found) return fail(found.error());
  return found->integer(0, 0) == 0;
}

/// False: it has rows, or that would have to wait.
Result<bool> drop_partition(Database& database, std::int64_t span) {
  bool dropped = false;
  const Status done = database.transaction([&](Connection& connection) -> Status {
    // Nobody who reads or writes waits longer than this for us.
    if (Status limited = connection.run_script("SET LOCAL statement_timeout = '100ms'", {});
        !limited) {
      return limited;
    }
    const auto answer = connection.run(Sql::drop_partition, Params().integer(span), {});
    if (!answer) return fail(answer.error());
    dropped = answer->integer(0, 0) != 0;
    return {};
  });
  if (done) return dropped;
  if (done.error().code == Code::unavailable) return false;
  return fail(done.error());
}

}  // namespace

Status make_partitions(Database& database, const std::set<std::int64_t>& spans) {
  return database.transaction([&](Connection& connection) -> Status {
    for (const std::int64_t span : spans) {
      const auto made = connection.run(Sql::make_partition, Params().integer(span), {});
      if (!made) return fail(made.error());
    }
    return {};
  });
}

Result<int> drop_empty_partitions(Database& database) {
  const auto partitions = database.read(Sql::partitions);
  if (!partitions) return fail(partitions.error());
  int count = 0;
  for (int row = 0; row + 1 < partitions->size(); ++row) {  // the newest is last
    const std::int64_t span = partitions->integer(row, 0);
    const auto empty = seems_empty(database, span);
    if (!empty) return fail(empty.error());
    if (!*empty) continue;
    const auto dropped = drop_partition(database, span);
    if (!dropped) return fail(dropped.error());
    count += *dropped ? 1 : 0;
  }
  return count;
}

}  // namespace waybill::postgres
