#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/postgres/database.h"
#include "base/mutex.h"
#include "base/result.h"
#include "core/task.h"

namespace waybill::postgres {

/// A pair of queue and kind. It never changes.
struct Lane {
  std::int64_t lane = 0;
  std::string queue;
  std::string kind;
};

/// The lanes that were known at some moment. Never changes.
class LaneNames {
 public:
  /// Null: made since.
  const Lane* find(std::int64_t lane) const;
  /// 0: none yet.
  std::int64_t number(const std::string& queue, const std::string& kind) const;
  std::size_t queues() const { return by_name_.size(); }
  std::size_t size() const { return by_number_.size(); }
  bool has_queue(const std::string& queue) const { return by_name_.contains(queue); }
  void add(Lane lane);

 private:
  std::unordered_map<std::int64_t, Lane> by_number_;
  std::map<std::string, std::map<std::string, std::int64_t>> by_name_;  // queue, kind
};

/// What lanes there are, remembered between calls: lanes are made, never changed or removed.
/// Thread-safe.
class LaneTable {
 public:
  using Names = std::shared_ptr<const LaneNames>;  // shared with calls that use it meanwhile

  explicit LaneTable(Database& database) : database_(database) {}

  Names names() const;
  /// Reads them again: a lane was met that is not known.
  Result<Names> refresh();
  /// The lane of each request, made where there is none yet. `out_of_range` for a queue more than
  /// kQueuesMax.
  Result<std::vector<std::int64_t>> lanes_of(std::span<const TaskRequest> requests);

 private:
  Status make(std::span<const TaskRequest> requests);
  Names adopt(const Rows& rows);

  Database& database_;
  mutable Mutex mutex_;
  Names names_ GUARDED_BY(mutex_) = std::make_shared<const LaneNames>();
};

/// Names for rows that have a lane in that column: read again where one is not known.
Result<LaneTable::Names> names_for(LaneTable& table, const Rows& rows, int lane_column);

}  // namespace waybill::postgres
