#include "adapters/postgres/page.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <optional>
#include <vector>

#include "adapters/postgres/load.h"
#include "adapters/postgres/tally.h"
#include "core/task_search.h"
#include "ports/cursor.h"

namespace waybill::postgres {
namespace {

/// Tasks that are read at once: of many that a filter refuses, no more are in memory. Where their
/// bytes count it is few at first, and more as long as they are small.
constexpr std::size_t kPageChunk = 500;
constexpr std::size_t kFirstChunk = 16;
constexpr std::size_t kSmallBytes = 4096;
/// A page ends early rather than name more damaged tasks.
constexpr std::size_t kDamagedMax = 1000;
/// Tasks of other lanes and states that are passed over rather than found by an index.
constexpr std::int64_t kWalkMin = 1000;
constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();

bool wanted(const std::string& filter, const std::string& value) {
  return filter.empty() || filter == value;
}

/// What the statement has not decided yet.
bool matches(const Task& task, const TaskFilter& filter) {
  if (filter.created_after != Time{} && task.created_at < filter.created_after) return false;
  if (filter.created_before != Time{} && task.created_at >= filter.created_before) return false;
  if (!has_labels(task, filter.labels)) return false;
  if (!filter.text.empty() && !mentions(task, filter.text)) return false;
  return wanted(filter.definition, task.request.definition) &&
         wanted(filter.created_by, task.request.created_by);
}

/// Fills one page.
class PageReader {
 public:
  PageReader(Database& database, LaneTable& lanes, const PageParams& params)
      : database_(database),
        lanes_(lanes),
        params_(params),
        chunk_(params.bytes_max == 0 ? kPageChunk : kFirstChunk) {}

  Result<TaskPage> read(TaskPlace after);

 private:
  enum class Source : std::uint8_t { statement, walk, handles };
  struct Chunk {
    Rows rows;
    bool is_last = false;
  };

  /// Which lanes and states are asked for, and so where tasks are best found. False: nowhere.
  Result<bool> choose();
  Result<Chunk> next_chunk(std::size_t count);
  Result<Rows> statement_rows(std::size_t count);
  Result<Chunk> gathered_rows(std::size_t count);
  Status gather();
  Params common_params(std::size_t count) const;
  bool by_ids() const { return !params_.filter.id_first.is_nil() || !id_last().is_nil(); }
  const Uuid& id_last() const { return params_.filter.id_last; }
  /// False: the page has ended, and the rest belongs to the next one.
  bool add(LoadedTask& loaded, bool is_waited_for);
  bool end_at(const TaskPlace& last) {
    if (params_.limit > 0) page_.next_cursor = to_cursor(params_.order, last);
    return false;
  }

  Database& database_;
  LaneTable& lanes_;
  const PageParams& params_;
  TaskPage page_;
  TaskPlace read_;  // what was read last
  Source source_ = Source::statement;
  std::vector<std::int64_t> lanes_asked_;  // empty: all
  std::vector<std::int64_t> states_;       // likewise
  std::int64_t walk_max_ = kNever;
  std::optional<std::vector<std::int64_t>> gathered_;  // handles; the next one is last
  TaskPlace last_;                                     // of those on the page
  std::size_t looked_ = 0;
  std::size_t bytes_ = 0;  // of those on the page
  std::size_t chunk_;
};

Result<bool> PageReader::choose() {
  const TaskFilter& filter = params_.filter;
  for (const State state : filter.states) states_.push_back(static_cast<std::int64_t>(state));
  const bool of_lanes = !filter.queue.empty() || !filter.kind.empty();
  const bool by_finish = params_.order == PageOrder::first_finished;
  const bool of_states = !states_.empty() || filter.finished_before != Time{};
  if (!of_lanes && !of_states && !by_finish) return true;
  const auto lanes = read_counts(database_);
  if (!lanes) return fail(lanes.error());
  std::int64_t matching = 0;
  for (const LaneCounts& lane : *lanes) {
    if (!wanted(filter.queue, lane.queue) || !wanted(filter.kind, lane.kind)) continue;
    lanes_asked_.push_back(lane.lane);
    for (std::size_t state = 0; state < lane.counts.size(); ++state) {
      const auto number = static_cast<std::int64_t>(state);
      const bool asked = states_.empty() || std::ranges::find(states_, number) != states_.end();
      if (asked) matching += lane.counts[state];
    }
  }
  if (lanes_asked_.empty()) return false;
  if (by_finish || by_ids()) return true;
  // No longer than it takes to find them all by lane and state, and to put them in order.
  source_ = Source::walk;
  walk_max_ = std::max(matching, kWalkMin);
  if (!states_.empty()) return true;
  for (std::int64_t state = 0; state < kStateCount; ++state) states_.push_back(state);
  return true;
}

Params PageReader::common_params(std::size_t count) const {
  const TaskFilter& filter = params_.filter;
  const std::int64_t before =
      filter.finished_before == Time{} ? kNever : to_micros(filter.finished_before);
  Params params;
  params.integers(lanes_asked_).integers(states_).integer(before);
  params.boolean(filter.waiters == Waiters::none);
  params.integer(static_cast<std::int64_t>(count)).integer(read_.handle);
  return params;
}

Result<Rows> PageReader::statement_rows(std::size_t count) {
  Params params = common_params(count);
  if (params_.order == PageOrder::first_finished) {
    params.integer(read_.finished_at);
    return database_.read(Sql::page_finished, params);
  }
  const bool newest = params_.order == PageOrder::newest_first;
  if (!by_ids()) {
    params.integer(walk_max_);
    return database_.read(newest ? Sql::page_newest : Sql::page_oldest, params);
  }
  Uuid last = id_last();
  if (last.is_nil()) last.bytes.fill(0xff);
  params.uuid(params_.filter.id_first).uuid(last);
  return database_.read(newest ? Sql::page_ids_newest : Sql::page_ids_oldest, params);
}

Status PageReader::gather() {
  const TaskFilter& filter = params_.filter;
  const bool newest = params_.order == PageOrder::newest_first;
  Params params;
  params.integers(lanes_asked_).integers(states_);
  params.integer(filter.finished_before == Time{} ? kNever : to_micros(filter.finished_before));
  params.integer(newest ? 0 : read_.handle).integer(newest ? read_.handle : kNever);
  const auto rows = database_.read(Sql::handles_of_lanes, params);
  if (!rows) return fail(rows.error());
  gathered_.emplace();
  for (int row = 0; row < rows->size(); ++row) gathered_->push_back(rows->integer(row, 0));
  std::ranges::sort(*gathered_);
  if (!newest) std::ranges::reverse(*gathered_);
  return {};
}

Result<PageReader::Chunk> PageReader::gathered_rows(std::size_t count) {
  if (!gathered_) {
    if (Status found = gather(); !found) return fail(found.error());
  }
  const std::size_t taken = std::min(count, gathered_->size());
  const std::vector<std::int64_t> handles(gathered_->rbegin(),
                                          gathered_->rbegin() + static_cast<std::ptrdiff_t>(taken));
  gathered_->resize(gathered_->size() - taken);
  Params params;
  params.boolean(params_.filter.waiters == Waiters::none).integers(handles);
  auto rows = database_.read(Sql::page_handles, params);
  if (!rows) return fail(rows.error());
  return Chunk{.rows = std::move(*rows), .is_last = gathered_->empty()};
}

Result<PageReader::Chunk> PageReader::next_chunk(std::size_t count) {
  if (source_ == Source::handles) return gathered_rows(count);
  auto rows = statement_rows(count);
  if (!rows) return fail(rows.error());
  const bool ended = static_cast<std::size_t>(rows->size()) < count;
  // More may come after those that the walk has passed over.
  if (ended && source_ == Source::walk) source_ = Source::handles;
  return Chunk{.rows = std::move(*rows), .is_last = ended && source_ == Source::statement};
}

Result<TaskPage> PageReader::read(TaskPlace after) {
  read_ = after;
  const auto somewhere = choose();
  if (!somewhere) return fail(somewhere.error());
  if (!*somewhere) return std::move(page_);
  for (;;) {
    // One more than fits, to know whether there is another page.
    const std::size_t count = std::min(chunk_, params_.limit - page_.tasks.size()) + 1;
    const auto chunk = next_chunk(count);
    if (!chunk) return fail(chunk.error());
    const Rows& rows = chunk->rows;
    const auto names = names_for(lanes_, rows, 2);
    if (!names) return fail(names.error());
    std::size_t bytes = 0;
    for (int row = 0; row < rows.size(); ++row) {
      LoadedTask loaded = read_row(rows, row, **names);
      bytes += text_bytes(loaded.task);
      read_ = {.finished_at = rows.integer(row, 10), .handle = loaded.task.handle};
      if (!add(loaded, rows.integer(row, 20) != 0)) return std::move(page_);
    }
    if (chunk->is_last) return std::move(page_);
    if (params_.bytes_max == 0) continue;
    const bool large = bytes > static_cast<std::size_t>(rows.size()) * kSmallBytes;
    chunk_ = large ? kFirstChunk : std::min(kPageChunk, 4 * chunk_);
  }
}

bool PageReader::add(LoadedTask& loaded, bool is_waited_for) {
  const bool unwanted = is_waited_for && params_.filter.waiters == Waiters::none;
  if (!unwanted && matches(loaded.task, params_.filter)) {
    const bool full = page_.tasks.size() == params_.limit || page_.damaged.size() == kDamagedMax;
    if (full) return end_at(last_);
    last_ = read_;
    bytes_ += text_bytes(loaded.task);
    if (loaded.whole) {
      page_.tasks.push_back(std::move(loaded.task));
    } else {
      page_.damaged.push_back({.id = loaded.task.id(), .what = loaded.whole.error().message});
    }
    if (params_.bytes_max > 0 && bytes_ >= params_.bytes_max) return end_at(read_);
  }
  return ++looked_ != params_.looked_max || end_at(read_);
}

}  // namespace

Result<TaskPage> read_page(Database& database, LaneTable& lanes, const PageParams& params) {
  const auto after = parse_task_cursor(params.order, params.cursor);
  if (!after) return fail(after.error());
  return PageReader(database, lanes, params).read(*after);
}

}  // namespace waybill::postgres
