#include "adapters/sqlite/page_candidates.h"

#include <algorithm>
#include <limits>

#include "core/task_record.h"

namespace waybill::sqlite {
namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
const Uuid kIdMax = [] {
  Uuid id;
  id.bytes.fill(0xff);
  return id;
}();

/// Where the tasks of a state are found.
struct StateIndex {
  Sql handles;
  bool by_lane;  ///< else all lanes have to be read
};

StateIndex index_of(State state) {
  switch (state) {
    case State::blocked:
      return {Sql::handles_blocked, true};
    case State::scheduled:
      return {Sql::handles_scheduled, false};
    case State::ready:
      return {Sql::handles_ready, true};
    case State::leased:
      return {Sql::handles_leased, false};
    case State::succeeded:
    case State::failed:
    case State::cancelled:
      break;
  }
  return {Sql::handles_finished, true};
}

bool has_id_range(const TaskFilter& filter) {
  return !filter.id_first.is_nil() || !filter.id_last.is_nil();
}

std::int64_t finished_before(const TaskFilter& filter) {
  return filter.finished_before == Time{} ? kNever : to_micros(filter.finished_before);
}

}  // namespace

PageSelection::PageSelection(const std::vector<Lane>& lanes, const TaskFilter& filter) {
  for (int i = 0; i < kStateCount; ++i) {
    const auto state = static_cast<State>(i);
    const bool asked =
        filter.states.empty() || std::ranges::find(filter.states, state) != filter.states.end();
    states_[static_cast<std::size_t>(i)] =
        asked && (filter.finished_before == Time{} || is_finished(state));
  }
  for (const Lane& lane : lanes) {
    const bool wanted = (filter.queue.empty() || filter.queue == lane.queue) &&
                        (filter.kind.empty() || filter.kind == lane.kind);
    if (wanted) {
      lanes_.push_back(&lane);
      wanted_[lane.lane] = &lane;
    }
    for (int i = 0; i < kStateCount; ++i) {
      const auto state = static_cast<State>(i);
      const bool read = has(state) && (wanted || !index_of(state).by_lane);
      if (read) index_entries_ += lane.count(state);
    }
  }
}

PageCandidates::PageCandidates(Database& database, const PageParams& params,
                               const PageSelection& selection, TaskPlace after)
    : database_(database),
      params_(params),
      selection_(selection),
      place_(after),
      walk_left_(selection.index_entries()) {
  if (params.order == PageOrder::first_finished) source_ = Source::finished;
  if (has_id_range(params.filter)) walk_left_ = 0;
}

Result<std::vector<TaskPlace>> PageCandidates::next(std::size_t count) {
  if (source_ == Source::finished) return next_finished(count);
  std::vector<TaskPlace> places;
  if (source_ == Source::walk) {
    if (Status walked = walk(count, places); !walked) return fail(walked.error());
  }
  const auto later = [this](std::int64_t a, std::int64_t b) { return comes_later(a, b); };
  while (places.size() < count && !gathered_.empty()) {
    std::ranges::pop_heap(gathered_, later);
    places.push_back({.handle = gathered_.back()});
    gathered_.pop_back();
  }
  return places;
}

Status PageCandidates::walk(std::size_t count, std::vector<TaskPlace>& places) {
  const bool newest_first = params_.order == PageOrder::newest_first;
  const auto query = database_.statement(newest_first ? Sql::walk_newest : Sql::walk_oldest);
  if (!query) return fail(query.error());
  const ResetAtExit reset(**query);
  (*query)->bind(1, place_.handle);
  for (; walk_left_ > 0; --walk_left_) {
    if (places.size() == count) return {};
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) {
      source_ = Source::index;  // with nothing gathered: that was all
      return {};
    }
    place_.handle = (*query)->integer(0);
    const bool wanted = selection_.has_lane((*query)->integer(1)) &&
                        selection_.has(static_cast<State>((*query)->integer(2)));
    if (wanted) places.push_back(place_);
  }
  return gather();
}

Status PageCandidates::gather() {
  source_ = Source::index;
  if (has_id_range(params_.filter)) {
    const TaskFilter& filter = params_.filter;
    const Uuid& last = filter.id_last.is_nil() ? kIdMax : filter.id_last;
    const auto query = database_.statement(Sql::handles_of_id_range);
    if (!query) return fail(query.error());
    (*query)->bind_blob(1, bytes_of(filter.id_first)).bind_blob(2, bytes_of(last));
    if (Status read = gather_rows(**query); !read) return read;
  } else {
    for (int i = 0; i < kStateCount; ++i) {
      const auto state = static_cast<State>(i);
      if (!selection_.has(state)) continue;
      if (Status read = gather_state(state); !read) return read;
    }
  }
  std::ranges::make_heap(gathered_,
                         [this](std::int64_t a, std::int64_t b) { return comes_later(a, b); });
  return {};
}

Status PageCandidates::gather_state(State state) {
  const StateIndex index = index_of(state);
  const auto query = database_.statement(index.handles);
  if (!query) return fail(query.error());
  if (!index.by_lane) return gather_rows(**query);
  for (const Lane* lane : selection_.lanes()) {
    if (lane->count(state) == 0) continue;
    (*query)->bind(1, lane->lane);
    if (is_finished(state)) {
      (*query)->bind(2, static_cast<std::int64_t>(state)).bind(3, finished_before(params_.filter));
    }
    if (Status read = gather_rows(**query); !read) return read;
  }
  return {};
}

Status PageCandidates::gather_rows(Statement& query) {
  for (;;) {
    const auto row = query.step();
    if (!row) return fail(row.error());
    if (!*row) return {};
    const std::int64_t handle = query.integer(0);
    if (!comes_later(handle, place_.handle)) continue;
    if (selection_.has_lane(query.integer(1))) gathered_.push_back(handle);
  }
}

Result<std::vector<TaskPlace>> PageCandidates::next_finished(std::size_t count) {
  std::vector<TaskPlace> places;
  const auto query = database_.statement(Sql::first_finished);
  if (!query) return fail(query.error());
  (*query)->bind(3, finished_before(params_.filter)).bind(4, place_.finished_at);
  (*query)->bind(5, place_.handle).bind(6, static_cast<std::int64_t>(count));
  for (const State state : {State::succeeded, State::failed, State::cancelled}) {
    if (!selection_.has(state)) continue;
    for (const Lane* lane : selection_.lanes()) {
      if (lane->count(state) == 0) continue;
      (*query)->bind(1, lane->lane).bind(2, static_cast<std::int64_t>(state));
      for (;;) {
        const auto row = (*query)->step();
        if (!row) return fail(row.error());
        if (!*row) break;
        places.push_back({.finished_at = (*query)->integer(1), .handle = (*query)->integer(0)});
      }
    }
  }
  std::ranges::sort(places);
  if (places.size() > count) places.resize(count);
  if (!places.empty()) place_ = places.back();
  return places;
}

bool PageCandidates::comes_later(std::int64_t handle, std::int64_t than) const {
  return params_.order == PageOrder::newest_first ? handle < than : handle > than;
}

}  // namespace waybill::sqlite
