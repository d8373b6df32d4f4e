#include "adapters/sqlite/page.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <unordered_map>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/record.h"

namespace waybill::sqlite {
namespace {

constexpr std::int64_t kNoHandle = std::numeric_limits<std::int64_t>::max();
const Uuid kIdMax = [] {
  Uuid id;
  id.bytes.fill(0xff);
  return id;
}();

bool wanted(const std::string& filter, const std::string& value) {
  return filter.empty() || filter == value;
}

bool matches(const Task& task, const TaskFilter& filter) {
  const auto& states = filter.states;
  if (!states.empty() && std::ranges::find(states, task.status.state) == states.end()) return false;
  if (filter.created_after != Time{} && task.created_at < filter.created_after) return false;
  if (filter.created_before != Time{} && task.created_at >= filter.created_before) return false;
  if (filter.finished_before != Time{} &&
      (!is_finished(task.status.state) || task.status.finished_at >= filter.finished_before)) {
    return false;
  }
  return wanted(filter.queue, task.request.queue) && wanted(filter.kind, task.request.kind) &&
         wanted(filter.definition, task.request.definition) &&
         wanted(filter.created_by, task.request.created_by);
}

/// The handle after which a page begins. A cursor is the handle of the last page's last task.
Result<std::int64_t> parse_cursor(const PageParams& params) {
  if (params.cursor.empty()) return params.order == PageOrder::newest_first ? kNoHandle : 0;
  std::int64_t handle = 0;
  const char* end = params.cursor.data() + params.cursor.size();
  const auto [stop, error] = std::from_chars(params.cursor.data(), end, handle);
  if (error != std::errc() || stop != end || handle <= 0) {
    return fail(Code::invalid_argument, "'" + params.cursor.substr(0, 64) +
                                            "' is not a cursor of this ledger; take next_cursor "
                                            "of the page before");
  }
  return handle;
}

bool has_id_range(const TaskFilter& filter) {
  return !filter.id_first.is_nil() || !filter.id_last.is_nil();
}

/// The statement that gives a page's candidates in order, bound.
Result<Statement*> candidates(Database& database, const PageParams& params, std::int64_t cursor) {
  const bool newest_first = params.order == PageOrder::newest_first;
  const bool by_id = has_id_range(params.filter);
  const auto query =
      database.statement(by_id ? newest_first ? Sql::page_of_ids_newest : Sql::page_of_ids_oldest
                         : newest_first ? Sql::page_newest
                                        : Sql::page_oldest);
  if (!query) return fail(query.error());
  (*query)->bind(1, cursor);
  if (by_id) {
    (*query)->bind_blob(2, bytes_of(params.filter.id_first));
    (*query)->bind_blob(3,
                        bytes_of(params.filter.id_last.is_nil() ? kIdMax : params.filter.id_last));
  }
  return query;
}

}  // namespace

Result<TaskPage> read_page(Database& database, const PageParams& params) {
  const auto cursor = parse_cursor(params);
  if (!cursor) return fail(cursor.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  std::unordered_map<std::int64_t, const Lane*> by_number;
  for (const Lane& lane : *lanes) by_number[lane.lane] = &lane;

  const auto query = candidates(database, params, *cursor);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  TaskPage page;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return page;
    auto loaded = read_task(**query);
    if (!loaded) return fail(loaded.error());
    if (const auto lane = by_number.find(loaded->lane); lane != by_number.end()) {
      name_lane(*loaded, *lane->second);
    }
    if (!matches(loaded->task, params.filter)) continue;
    if (page.tasks.size() == params.limit) {
      page.next_cursor = std::to_string(page.tasks.back().handle);
      return page;
    }
    page.tasks.push_back(std::move(loaded->task));
  }
}

}  // namespace waybill::sqlite
