#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/prio/planner.h"

namespace waybill::prio {

/// The tasks of a plan in its order. An intake's is made when it is asked for, of the 4 bytes that
/// are kept of it: a scan has one for each batch, and nobody needs all of them at once. Reading is
/// thread-safe.
class PlannedTasks {
 public:
  PlannedTasks(Listed listed, PlanOfRecords&& records);
  PlannedTasks(PlannedTasks&&) = default;
  PlannedTasks& operator=(PlannedTasks&&) = default;
  PlannedTasks(const PlannedTasks&) = delete;
  PlannedTasks& operator=(const PlannedTasks&) = delete;
  ~PlannedTasks() = default;

  std::size_t size() const { return intakes_.size() + aggregates_.size(); }
  /// How many are intakes: they come first.
  std::size_t intakes() const { return intakes_.size(); }
  /// The batch of an intake's index, whether its task was taken or not. A view of this.
  NamedBatch batch(std::size_t index) const;
  /// The task of an index, once; threads may take different ones at a time.
  PlannedTask take(std::size_t index);
  /// All that were not taken, from an index on.
  void for_each(const std::function<void(const PlannedTask&)>& each, std::size_t first = 0) const;

 private:
  PlannedTask intake(std::size_t index) const;

  Listed listed_;
  std::vector<std::uint32_t> intakes_;  // in listed_.batches
  std::vector<PlannedTask> aggregates_;
};

/// A plan whose own `tasks` are empty.
struct PlanInTurn {
  Plan plan;
  PlannedTasks tasks;
  std::size_t too_large = 0;  ///< as in PlanOfRecords
};

}  // namespace waybill::prio
