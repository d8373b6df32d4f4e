#include "adapters/postgres/load.h"

#include <utility>

#include "core/task_record.h"

namespace waybill::postgres {

LoadedTask read_row(const Rows& rows, int row, const LaneNames& lanes) {
  LoadedTask loaded;
  Task& task = loaded.task;
  TaskRequest& request = task.request;
  TaskStatus& status = task.status;
  task.handle = rows.integer(row, 0);
  request.id = rows.uuid(row, 1);
  loaded.lane = rows.integer(row, 2);
  request.priority = static_cast<int>(rows.integer(row, 3));
  status.state = static_cast<State>(rows.integer(row, 4));
  status.revision = static_cast<std::uint32_t>(rows.integer(row, 5));
  status.fence = static_cast<std::uint64_t>(rows.integer(row, 6));
  status.waiting_for = static_cast<std::uint32_t>(rows.integer(row, 7));
  status.run_at = from_micros(rows.integer(row, 8));
  status.lease_until = from_micros(rows.integer(row, 9));
  status.finished_at = from_micros(rows.integer(row, 10));
  request.dedup_key = rows.text(row, 11);
  request.dedup_scope = static_cast<DedupScope>(rows.integer(row, 12));
  loaded.whole = decode_detail(rows.text(row, 13), status);
  task.created_at = from_micros(rows.integer(row, 14));
  request.definition = rows.text(row, 15);
  request.created_by = rows.text(row, 16);
  request.spec = rows.text(row, 17);
  request.params = rows.text(row, 18);
  if (Status rest = decode_rest(rows.text(row, 19), request); loaded.whole) loaded.whole = rest;
  if (const Lane* lane = lanes.find(loaded.lane)) {
    request.queue = lane->queue;
    request.kind = lane->kind;
  }
  return loaded;
}

Result<std::vector<LoadedTask>> read_rows(const Rows& rows, const LaneNames& lanes) {
  std::vector<LoadedTask> tasks;
  tasks.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) {
    tasks.push_back(read_row(rows, row, lanes));
    if (!tasks.back().whole) return fail(tasks.back().whole.error());
  }
  return tasks;
}

Result<std::vector<Task>> read_tasks(const Rows& rows, const LaneNames& lanes) {
  auto loaded = read_rows(rows, lanes);
  if (!loaded) return fail(loaded.error());
  std::vector<Task> tasks;
  tasks.reserve(loaded->size());
  for (LoadedTask& one : *loaded) tasks.push_back(std::move(one.task));
  return tasks;
}

Error unknown_task(const Uuid& id) {
  return {.code = Code::not_found,
          .message = "no task " + to_string(id) + " in the ledger; retention may have removed it"};
}

}  // namespace waybill::postgres
