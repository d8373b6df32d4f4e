#pragma once

#include <cstdint>
#include <vector>

#include "adapters/postgres/lanes.h"
#include "adapters/postgres/values.h"
#include "base/result.h"
#include "core/task.h"

namespace waybill::postgres {

/// A task as its row says, which has the number of a lane.
struct LoadedTask {
  Task task;
  std::int64_t lane = 0;
  Status whole;  ///< `data_loss` where its bytes are damaged: what is no column is missing then
};

/// The task in a row of a statement that gives the first twenty columns of waybill.rows; queue and
/// kind are those of `lanes`, which must know its lane.
LoadedTask read_row(const Rows& rows, int row, const LaneNames& lanes);
/// All rows; `data_loss` if one of them is damaged.
Result<std::vector<LoadedTask>> read_rows(const Rows& rows, const LaneNames& lanes);
/// The same without their lanes.
Result<std::vector<Task>> read_tasks(const Rows& rows, const LaneNames& lanes);

/// The refusal for a task that is not there.
Error unknown_task(const Uuid& id);

}  // namespace waybill::postgres
