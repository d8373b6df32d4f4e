#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "adapters/postgres/database.h"
#include "core/task.h"

namespace waybill::postgres {

/// A lane with the number of its tasks in each state.
struct LaneCounts {
  std::int64_t lane = 0;
  std::string queue;
  std::string kind;
  bool used = false;  ///< whether it ever had a task
  std::array<std::int64_t, kStateCount> counts{};
};

/// What lanes keep and what commits since have added, on one snapshot; by queue and kind.
Result<std::vector<LaneCounts>> read_counts(Database& database);
/// The same from rows of lane_counts.
Result<std::vector<LaneCounts>> counts_of(const Rows& rows);

/// Adds what commits have counted to the lanes, and removes events that are too old. Takes the lock
/// of commits for a moment. Safe to repeat, and beside others that do it.
Status fold_counts(Database& database, std::size_t events_kept);

}  // namespace waybill::postgres
