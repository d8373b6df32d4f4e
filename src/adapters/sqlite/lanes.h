#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "core/task.h"

namespace waybill::sqlite {

class Database;

/// A pair of queue and kind with the number of its tasks in each state.
struct Lane {
  std::int64_t lane = 0;
  std::string queue;
  std::string kind;
  std::array<std::int64_t, kStateCount> counts{};

  std::int64_t count(State state) const { return counts[static_cast<std::size_t>(state)]; }
};

/// All lanes, by queue and kind.
Result<std::vector<Lane>> read_lanes(Database& database);

/// The lanes as the transaction under way leaves them, and what it has added to their counts.
class LaneTable {
 public:
  /// Forgets everything and reads it again.
  Status load(Database& database);
  /// The lane of a queue and kind, made if there is none yet; `out_of_range` for a queue more than
  /// kQueuesMax.
  Result<std::int64_t> lane_of(Database& database, const std::string& queue,
                               const std::string& kind);
  /// How many queues more there may be.
  std::size_t room() const;
  bool has_queue(const std::string& queue) const;
  const std::vector<Lane>& lanes() const { return lanes_; }
  const Lane& at(std::int64_t lane) const { return lanes_[by_number_.at(slot(lane))]; }
  void add(std::int64_t lane, State state, std::int64_t change);
  std::int64_t leased_in(const std::string& queue) const;
  /// Writes what was added since the last flush.
  Status flush(Database& database);

 private:
  static std::size_t slot(std::int64_t lane) { return static_cast<std::size_t>(lane); }
  void adopt(Lane lane);

  std::vector<Lane> lanes_;
  std::unordered_map<std::string, std::vector<std::size_t>> by_queue_;  // positions in lanes_
  std::vector<std::array<std::int64_t, kStateCount>> added_;            // beside lanes_
  std::vector<std::size_t> by_number_;  // position in lanes_ by lane number
};

}  // namespace waybill::sqlite
