#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "core/prio/planned_tasks.h"

namespace waybill {

enum class PublishPhase : std::uint8_t { list, plan, publish };
inline constexpr int kPublishPhaseCount = 3;
std::string_view to_string(PublishPhase phase);

/// What was done, in numbers.
struct PublishTally {
  std::int64_t published = 0;
  std::int64_t marked = 0;
  std::int64_t publish_failed = 0;
  std::int64_t marker_failed = 0;
  std::int64_t left = 0;  ///< not begun: asked to stop, or the lock was lost
  /// Not published because the marker was there by now, which is found out where no lock can be
  /// trusted.
  std::int64_t duplicates_avoided = 0;
  std::int64_t list_calls = 0;
  std::int64_t publish_calls = 0;
  std::int64_t marker_calls = 0;
  std::int64_t look_calls = 0;  ///< at a single marker, before its message is published
  std::int64_t lock_calls = 0;  ///< to take the scan lock, to renew it, to give it back
  std::int64_t objects_listed = 0;
  std::int64_t bytes_published = 0;
};

struct PublishReport {
  Time now{};
  Plan plan;  ///< its own `tasks` are empty
  /// What would be published: only of a dry run.
  std::optional<prio::PlannedTasks> tasks;
  PublishTally tally;
  /// The plan's counts, with what was done in place of what was planned.
  std::map<std::string, std::int64_t> counts;
  std::vector<std::string> list_errors;  ///< each with what was being listed
  std::string rival;                     ///< the scanner that is at work; nothing was done then
  Duration took[kPublishPhaseCount] = {};

  bool locked_out() const { return !rival.empty(); }
  /// All was listed, and everything that is owed is published and marked (or it was a dry run).
  bool complete() const;
};

}  // namespace waybill
