#include "adapters/postgres/lanes.h"

#include <set>

#include "core/queue_limit.h"

namespace waybill::postgres {

const Lane* LaneNames::find(std::int64_t lane) const {
  const auto found = by_number_.find(lane);
  return found == by_number_.end() ? nullptr : &found->second;
}

std::int64_t LaneNames::number(const std::string& queue, const std::string& kind) const {
  const auto kinds = by_name_.find(queue);
  if (kinds == by_name_.end()) return 0;
  const auto found = kinds->second.find(kind);
  return found == kinds->second.end() ? 0 : found->second;
}

void LaneNames::add(Lane lane) {
  by_name_[lane.queue][lane.kind] = lane.lane;
  by_number_[lane.lane] = std::move(lane);
}

LaneTable::Names LaneTable::names() const {
  const Lock lock(mutex_);
  return names_;
}

LaneTable::Names LaneTable::adopt(const Rows& rows) {
  auto names = std::make_shared<LaneNames>();
  for (int row = 0; row < rows.size(); ++row) {
    names->add({.lane = rows.integer(row, 0),
                .queue = std::string(rows.text(row, 1)),
                .kind = std::string(rows.text(row, 2))});
  }
  const Lock lock(mutex_);
  if (names->size() >= names_->size()) names_ = std::move(names);
  return names_;
}

Result<LaneTable::Names> LaneTable::refresh() {
  const auto rows = database_.read(Sql::lane_names);
  if (!rows) return fail(rows.error());
  return adopt(*rows);
}

Result<std::vector<std::int64_t>> LaneTable::lanes_of(std::span<const TaskRequest> requests) {
  std::vector<std::int64_t> lanes(requests.size());
  for (int tries = 0;; ++tries) {
    const Names known = names();
    const TaskRequest* last = nullptr;
    bool complete = true;
    for (std::size_t i = 0; i < requests.size(); ++i) {
      const TaskRequest& request = requests[i];
      const bool same =
          last != nullptr && request.queue == last->queue && request.kind == last->kind;
      lanes[i] = same ? lanes[i - 1] : known->number(request.queue, request.kind);
      complete = complete && lanes[i] != 0;
      last = &request;
    }
    if (complete) return lanes;
    if (tries > 0) return fail(Code::internal, "lanes that were made cannot be found");
    if (Status made = make(requests); !made) return fail(made.error());
    if (const auto fresh = refresh(); !fresh) return fail(fresh.error());
  }
}

Status LaneTable::make(std::span<const TaskRequest> requests) {
  std::set<std::pair<std::string, std::string>> wanted;
  for (const TaskRequest& request : requests) wanted.emplace(request.queue, request.kind);
  return database_.transaction([&](Connection& connection) -> Status {
    // Rivals wait, so that together they make no queue too many.
    if (const auto locked = connection.run(Sql::lock_lanes, {}, {}); !locked) {
      return fail(locked.error());
    }
    const auto rows = connection.run(Sql::lane_names, {}, {});
    if (!rows) return fail(rows.error());
    const Names known = adopt(*rows);
    std::set<std::string> fresh;
    Array queues(Array::Of::texts);
    Array kinds(Array::Of::texts);
    for (const auto& [queue, kind] : wanted) {
      if (known->number(queue, kind) != 0) continue;
      if (!known->has_queue(queue)) fresh.insert(queue);
      if (known->queues() + fresh.size() > kQueuesMax) return fail(too_many_queues(queue));
      queues.add(queue);
      kinds.add(kind);
    }
    Params params;
    params.array(std::move(queues)).array(std::move(kinds));
    if (const auto made = connection.run(Sql::add_lanes, params, {}); !made) {
      return fail(made.error());
    }
    return {};
  });
}

Result<LaneTable::Names> names_for(LaneTable& table, const Rows& rows, int lane_column) {
  LaneTable::Names names = table.names();
  for (int row = 0; row < rows.size(); ++row) {
    if (names->find(rows.integer(row, lane_column)) == nullptr) return table.refresh();
  }
  return names;
}

}  // namespace waybill::postgres
