#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/sqlite/database.h"
#include "adapters/sqlite/lanes.h"
#include "base/result.h"
#include "core/task.h"
#include "ports/ledger.h"

namespace waybill::sqlite {

/// A task as its rows say. They have the number of a lane: `queue` and `kind` of the request are
/// set by name_lane.
struct LoadedTask {
  Task task;
  std::int64_t lane = 0;
  Status whole;  ///< `data_loss` where its bytes are damaged: what is no column is missing then
};

/// The task in the current row of load_task, load_tasks or export_tasks, damaged or not.
LoadedTask read_row(Statement& row);
/// The same; `data_loss` when its bytes are damaged.
Result<LoadedTask> read_task(Statement& row);
void name_lane(LoadedTask& loaded, const Lane& lane);

/// In the order of their handles as given, damaged ones among them.
Result<std::vector<LoadedTask>> load_rows(Database& database,
                                          std::span<const std::int64_t> handles);
/// The same; `data_loss` if one of them is damaged.
Result<std::vector<LoadedTask>> load_tasks(Database& database,
                                           std::span<const std::int64_t> handles);
/// The same for readers, with queue and kind.
Result<std::vector<Task>> load_named_tasks(Database& database,
                                           std::span<const std::int64_t> handles);

/// The task that keeps others of this dedup key out; nil if there is none.
Result<Uuid> find_holder(Database& database, std::string_view dedup_key);

/// Whether a task in the ledger waits for this one.
Result<bool> is_waited_for(Database& database, const Uuid& id);

/// As Ledger::overdue.
Result<Overdue> find_overdue(Database& database, Time now, std::size_t limit);

}  // namespace waybill::sqlite
