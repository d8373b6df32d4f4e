#include "adapters/sqlite/page.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string_view>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/page_candidates.h"

namespace waybill::sqlite {
namespace {

/// Tasks that are read at once: of many that a filter refuses, no more are in memory.
constexpr std::size_t kChunk = 500;
/// A page ends early rather than name more damaged tasks.
constexpr std::size_t kDamagedMax = 1000;

bool wanted(const std::string& filter, const std::string& value) {
  return filter.empty() || filter == value;
}

/// What the lanes and states have not decided yet.
bool matches(const Task& task, const TaskFilter& filter) {
  if (filter.created_after != Time{} && task.created_at < filter.created_after) return false;
  if (filter.created_before != Time{} && task.created_at >= filter.created_before) return false;
  if (filter.finished_before != Time{} && task.status.finished_at >= filter.finished_before) {
    return false;
  }
  if (task.id() < filter.id_first) return false;
  if (!filter.id_last.is_nil() && task.id() > filter.id_last) return false;
  return wanted(filter.definition, task.request.definition) &&
         wanted(filter.created_by, task.request.created_by);
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

/// A cursor is the handle of the last page's last task; before it, where the order is that of the
/// finish, when that was, in microseconds, and a dot.
std::string make_cursor(PageOrder order, const PagePlace& last) {
  std::string cursor = std::to_string(last.handle);
  if (order != PageOrder::first_finished) return cursor;
  return std::to_string(last.finished_at) + "." + cursor;
}

Result<PagePlace> parse_cursor(const PageParams& params) {
  const std::string_view cursor = params.cursor;
  if (cursor.empty()) {
    if (params.order != PageOrder::newest_first) return PagePlace{};
    return PagePlace{.handle = std::numeric_limits<std::int64_t>::max()};
  }
  const bool by_finish = params.order == PageOrder::first_finished;
  const auto dot = by_finish ? cursor.find('.') : std::string_view::npos;
  const auto handle = parse_number(dot == cursor.npos ? cursor : cursor.substr(dot + 1));
  const auto finished_at = by_finish ? parse_number(cursor.substr(0, dot)) : 0;
  const bool whole = handle && *handle > 0 && finished_at && by_finish == (dot != cursor.npos);
  if (!whole) {
    return fail(Code::invalid_argument, "'" + params.cursor.substr(0, 64) +
                                            "' is not a cursor of this ledger; take next_cursor "
                                            "of the page before");
  }
  return PagePlace{.finished_at = *finished_at, .handle = *handle};
}

void add_to_page(TaskPage& page, LoadedTask& loaded, const PageSelection& selection) {
  if (!loaded.whole) {
    page.damaged.push_back({.id = loaded.task.id(), .what = loaded.whole.error().message});
    return;
  }
  name_lane(loaded, selection.lane(loaded.lane));
  page.tasks.push_back(std::move(loaded.task));
}

}  // namespace

Result<TaskPage> read_page(Database& database, const PageParams& params) {
  const auto after = parse_cursor(params);
  if (!after) return fail(after.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  const PageSelection selection(*lanes, params.filter);
  PageCandidates candidates(database, params, selection, *after);
  TaskPage page;
  PagePlace last;  // of those on the page
  for (;;) {
    // One more than fits, to know whether there is another page.
    const auto places = candidates.next(std::min(kChunk, params.limit - page.tasks.size()) + 1);
    if (!places) return fail(places.error());
    if (places->empty()) return page;
    std::vector<std::int64_t> handles;
    for (const PagePlace& place : *places) handles.push_back(place.handle);
    auto tasks = load_rows(database, handles);
    if (!tasks) return fail(tasks.error());
    for (LoadedTask& loaded : *tasks) {
      const bool chosen =
          selection.has(loaded.task.status.state) && matches(loaded.task, params.filter);
      if (!chosen) continue;
      if (params.filter.waiters == Waiters::none) {
        const auto needed = is_waited_for(database, loaded.task.id());
        if (!needed) return fail(needed.error());
        if (*needed) continue;
      }
      if (page.tasks.size() == params.limit || page.damaged.size() == kDamagedMax) {
        if (params.limit > 0) page.next_cursor = make_cursor(params.order, last);
        return page;
      }
      last = {.finished_at = to_micros(loaded.task.status.finished_at),
              .handle = loaded.task.handle};
      add_to_page(page, loaded, selection);
    }
  }
}

}  // namespace waybill::sqlite
