#include "adapters/postgres/commit.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "core/task_record.h"

namespace waybill::postgres {
namespace {

void add_floors_to_lower(Params& params, const std::map<std::int64_t, std::int64_t>& ready) {
  Array lanes(Array::Of::integers);
  Array ranks(Array::Of::integers);
  for (const auto& [lane, rank] : ready) {
    lanes.add(lane);
    ranks.add(rank);
  }
  params.array(std::move(lanes)).array(std::move(ranks));
}

Params floors_to_raise(
    const std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>>& claimed) {
  Array lanes(Array::Of::integers);
  Array ranks(Array::Of::integers);
  Array handles(Array::Of::integers);
  for (const auto& [lane, last] : claimed) {
    lanes.add(lane);
    ranks.add(last.first);
    handles.add(last.second);
  }
  Params params;
  params.array(std::move(lanes)).array(std::move(ranks)).array(std::move(handles));
  return params;
}

}  // namespace

void CommitRecord::tell(const Uuid& id, std::int64_t lane, std::optional<State> from, State to,
                        std::string_view entry) {
  if (rows_.empty() || rows_.back().changes == kChangesMax) rows_.emplace_back();
  Row& row = rows_.back();
  append_event(row.bytes, id, lane, entry);
  ++row.changes;
  Counts& added = row.added[lane];
  if (from) --added[static_cast<std::size_t>(*from)];
  ++added[static_cast<std::size_t>(to)];
}

void CommitRecord::note_ready(std::int64_t lane, std::int64_t rank) {
  std::int64_t& lowest = ready_.try_emplace(lane, rank).first->second;
  lowest = std::min(lowest, rank);
}

void CommitRecord::note_claimed(std::int64_t lane, std::int64_t rank, std::int64_t handle) {
  const std::pair task(rank, handle);
  auto& last = claimed_.try_emplace(lane, task).first->second;
  last = std::max(last, task);
}

void CommitRecord::write(Batch& batch, const Uuid& tag, const Batch::Take& numbered) const {
  if (!ready_.empty()) {
    Params floors;
    add_floors_to_lower(floors, ready_);
    batch.add(Sql::lower_floors, std::move(floors));
  }
  if (!claimed_.empty()) batch.add(Sql::raise_floors, floors_to_raise(claimed_));
  for (const Row& row : rows_) {
    Params params;
    add_row(params, row, tag);
    batch.add(Sql::add_event, std::move(params), numbered);
  }
}

void CommitRecord::add_to(Params& params, const Uuid& tag) const {
  WAYBILL_CHECK(rows_.size() == 1 && claimed_.empty(), "what has come is one row");
  add_floors_to_lower(params, ready_);
  add_row(params, rows_.front(), tag);
}

void CommitRecord::add_row(Params& params, const Row& row, const Uuid& tag) {
  Array counted(Array::Of::integers);
  for (const auto& [lane, added] : row.added) {
    counted.add(lane);
    for (const std::int64_t change : added) counted.add(change);
  }
  params.integer(row.changes).array(std::move(counted)).bytes(row.bytes).uuid(tag);
}

void add_commit_lock(Batch& batch) { batch.add(Sql::lock_commits); }

}  // namespace waybill::postgres
