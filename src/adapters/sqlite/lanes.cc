#include "adapters/sqlite/lanes.h"

#include <algorithm>

#include "adapters/sqlite/database.h"
#include "core/queue_limit.h"

namespace waybill::sqlite {

Result<std::vector<Lane>> read_lanes(Database& database) {
  const auto query = database.statement(Sql::lanes);
  if (!query) return fail(query.error());
  std::vector<Lane> lanes;
  for (;;) {
    const auto row = (*query)->step();
    if (!row) return fail(row.error());
    if (!*row) return lanes;
    Lane& lane = lanes.emplace_back();
    lane.lane = (*query)->integer(0);
    lane.queue = (*query)->text(1);
    lane.kind = (*query)->text(2);
    for (int state = 0; state < kStateCount; ++state) {
      lane.counts[static_cast<std::size_t>(state)] = (*query)->integer(3 + state);
    }
  }
}

Status LaneTable::load(Database& database) {
  auto lanes = read_lanes(database);
  if (!lanes) return fail(lanes.error());
  lanes_.clear();
  by_queue_.clear();
  added_.clear();
  by_number_.clear();
  for (Lane& lane : *lanes) adopt(std::move(lane));
  return {};
}

void LaneTable::adopt(Lane lane) {
  if (by_number_.size() <= slot(lane.lane)) by_number_.resize(slot(lane.lane) + 1);
  by_number_[slot(lane.lane)] = lanes_.size();
  by_queue_[lane.queue].push_back(lanes_.size());
  lanes_.push_back(std::move(lane));
  added_.emplace_back();
}

std::size_t LaneTable::room() const { return kQueuesMax - std::min(by_queue_.size(), kQueuesMax); }

bool LaneTable::has_queue(const std::string& queue) const { return by_queue_.contains(queue); }

Result<std::int64_t> LaneTable::lane_of(Database& database, const std::string& queue,
                                        const std::string& kind) {
  const auto known = by_queue_.find(queue);
  if (known != by_queue_.end()) {
    for (const std::size_t position : known->second) {
      if (lanes_[position].kind == kind) return lanes_[position].lane;
    }
  } else if (room() == 0) {
    return fail(too_many_queues(queue));
  }
  const auto insert = database.statement(Sql::add_lane);
  if (!insert) return fail(insert.error());
  const ResetAtExit reset(**insert);
  const auto row = (*insert)->bind_text(1, queue).bind_text(2, kind).step();
  if (!row) return fail(row.error());
  const std::int64_t number = (*insert)->integer(0);
  adopt({.lane = number, .queue = queue, .kind = kind});
  return number;
}

void LaneTable::add(std::int64_t lane, State state, std::int64_t change) {
  const std::size_t position = by_number_.at(slot(lane));
  lanes_[position].counts[static_cast<std::size_t>(state)] += change;
  added_[position][static_cast<std::size_t>(state)] += change;
}

std::int64_t LaneTable::leased_in(const std::string& queue) const {
  std::int64_t leased = 0;
  const auto known = by_queue_.find(queue);
  if (known == by_queue_.end()) return 0;
  for (const std::size_t position : known->second) {
    leased += lanes_[position].count(State::leased);
  }
  return leased;
}

Status LaneTable::flush(Database& database) {
  for (std::size_t position = 0; position < lanes_.size(); ++position) {
    auto& added = added_[position];
    if (std::ranges::all_of(added, [](std::int64_t change) { return change == 0; })) continue;
    const auto update = database.statement(Sql::count_lane);
    if (!update) return fail(update.error());
    (*update)->bind(1, lanes_[position].lane);
    for (int state = 0; state < kStateCount; ++state) {
      (*update)->bind(2 + state, added[static_cast<std::size_t>(state)]);
    }
    if (Status done = (*update)->run(); !done) return done;
    added.fill(0);
  }
  return {};
}

}  // namespace waybill::sqlite
