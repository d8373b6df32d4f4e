#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/task.h"
#include "core/transition.h"

namespace waybill {

// What the ledger keeps as bytes beside its columns. Each begins with a version; readers answer
// `data_loss` when the bytes do not fit.

/// tasks.detail: attempt, failures, worker deaths, start, holder, cancel request, error, result.
std::string encode_detail(const TaskStatus& status);
/// Fills those fields of `status`.
Status decode_detail(std::string_view bytes, TaskStatus& status);

/// requests.rest: run_at as asked for, run_time_max, retry policy, what it waits for, labels, and
/// in version 2 what came later, each part with a tag.
/// Empty when all of them are what most requests have: values fixed in task_record.cc, not the
/// defaults that TaskRequest has today.
std::string encode_rest(const TaskRequest& request);
Status decode_rest(std::string_view bytes, TaskRequest& request);

/// schedules.task: a whole request.
std::string encode_request(const TaskRequest& request);
Result<TaskRequest> decode_request(std::string_view bytes);

/// One change in events.changes.
struct EventRecord {
  Uuid id;
  std::int64_t lane = 0;
  HistoryEntry entry;
};
/// Appends a change whose history entry is already encoded.
void append_event(std::string& out, const Uuid& id, std::int64_t lane, std::string_view entry);
Result<std::vector<EventRecord>> read_events(std::string_view bytes);

}  // namespace waybill
