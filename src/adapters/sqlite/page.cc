#include "adapters/sqlite/page.h"

#include <algorithm>

#include "adapters/sqlite/lanes.h"
#include "adapters/sqlite/load.h"
#include "adapters/sqlite/page_candidates.h"
#include "core/task_search.h"
#include "ports/cursor.h"

namespace waybill::sqlite {
namespace {

/// Tasks that are read at once: of many that a filter refuses, no more are in memory. Where their
/// bytes count it is few at first, and more as long as they are small.
constexpr std::size_t kChunk = 500;
constexpr std::size_t kFirstChunk = 16;
constexpr std::size_t kSmallBytes = 4096;
/// A page ends early rather than name more damaged tasks.
constexpr std::size_t kDamagedMax = 1000;

bool wanted(const std::string& filter, const std::string& value) {
  return filter.empty() || filter == value;
}

/// What the lanes and states have not decided yet.
bool matches(const Task& task, const TaskFilter& filter) {
  if (filter.created_after != Time{} && task.created_at < filter.created_after) return false;
  if (filter.created_before != Time{} && task.created_at >= filter.created_before) return false;
  if (!has_labels(task, filter.labels)) return false;
  if (!filter.text.empty() && !mentions(task, filter.text)) return false;
  if (filter.finished_before != Time{} && task.status.finished_at >= filter.finished_before) {
    return false;
  }
  if (task.id() < filter.id_first) return false;
  if (!filter.id_last.is_nil() && task.id() > filter.id_last) return false;
  return wanted(filter.definition, task.request.definition) &&
         wanted(filter.created_by, task.request.created_by);
}

void add_to_page(TaskPage& page, LoadedTask& loaded, const PageSelection& selection) {
  if (!loaded.whole) {
    page.damaged.push_back({.id = loaded.task.id(), .what = loaded.whole.error().message});
    return;
  }
  name_lane(loaded, selection.lane(loaded.lane));
  page.tasks.push_back(std::move(loaded.task));
}

/// Fills one page.
class PageReader {
 public:
  PageReader(Database& database, const PageParams& params, const PageSelection& selection)
      : database_(database),
        params_(params),
        selection_(selection),
        chunk_(params.bytes_max == 0 ? kChunk : kFirstChunk) {}

  Result<TaskPage> read(TaskPlace after);

 private:
  std::size_t next_chunk(const std::vector<LoadedTask>& tasks) const;
  /// False: the page has ended, and the rest belongs to the next one.
  Result<bool> add(LoadedTask& loaded);
  Result<bool> is_wanted(const LoadedTask& loaded);
  bool end_at(const TaskPlace& last) {
    if (params_.limit > 0) page_.next_cursor = to_cursor(params_.order, last);
    return false;
  }

  Database& database_;
  const PageParams& params_;
  const PageSelection& selection_;
  TaskPage page_;
  TaskPlace last_;  // of those on the page
  std::size_t looked_ = 0;
  std::size_t bytes_ = 0;  // of those on the page
  std::size_t chunk_;
};

Result<TaskPage> PageReader::read(TaskPlace after) {
  PageCandidates candidates(database_, params_, selection_, after);
  for (;;) {
    // One more than fits, to know whether there is another page.
    const auto places = candidates.next(std::min(chunk_, params_.limit - page_.tasks.size()) + 1);
    if (!places) return fail(places.error());
    if (places->empty()) return std::move(page_);
    std::vector<std::int64_t> handles;
    for (const TaskPlace& place : *places) handles.push_back(place.handle);
    auto tasks = load_rows(database_, handles);
    if (!tasks) return fail(tasks.error());
    chunk_ = next_chunk(*tasks);
    for (LoadedTask& loaded : *tasks) {
      const auto goes_on = add(loaded);
      if (!goes_on) return fail(goes_on.error());
      if (!*goes_on) return std::move(page_);
    }
  }
}

std::size_t PageReader::next_chunk(const std::vector<LoadedTask>& tasks) const {
  if (params_.bytes_max == 0) return kChunk;
  std::size_t bytes = 0;
  for (const LoadedTask& loaded : tasks) bytes += text_bytes(loaded.task);
  return bytes > tasks.size() * kSmallBytes ? kFirstChunk : std::min(kChunk, 4 * chunk_);
}

Result<bool> PageReader::add(LoadedTask& loaded) {
  const TaskPlace place{.finished_at = to_micros(loaded.task.status.finished_at),
                        .handle = loaded.task.handle};
  const auto wanted = is_wanted(loaded);
  if (!wanted) return fail(wanted.error());
  if (*wanted) {
    const bool full = page_.tasks.size() == params_.limit || page_.damaged.size() == kDamagedMax;
    if (full) return end_at(last_);
    last_ = place;
    bytes_ += text_bytes(loaded.task);
    add_to_page(page_, loaded, selection_);
    if (params_.bytes_max > 0 && bytes_ >= params_.bytes_max) return end_at(place);
  }
  return ++looked_ != params_.looked_max || end_at(place);
}

Result<bool> PageReader::is_wanted(const LoadedTask& loaded) {
  if (!selection_.has(loaded.task.status.state)) return false;
  if (!matches(loaded.task, params_.filter)) return false;
  if (params_.filter.waiters == Waiters::any) return true;
  const auto needed = is_waited_for(database_, loaded.task.id());
  if (!needed) return fail(needed.error());
  return !*needed;
}

}  // namespace

Result<TaskPage> read_page(Database& database, const PageParams& params) {
  const auto after = parse_task_cursor(params.order, params.cursor);
  if (!after) return fail(after.error());
  const auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  const PageSelection selection(*lanes, params.filter);
  return PageReader(database, params, selection).read(*after);
}

}  // namespace waybill::sqlite
