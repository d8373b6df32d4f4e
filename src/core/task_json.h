#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string_view>
#include <vector>

#include "core/artifact.h"
#include "core/task.h"
#include "core/transition.h"
#include "core/why.h"

namespace waybill {

/// A task for programs, in the one form that the command line, exports and APIs share
/// (docs/reference/cli-json.md). Times are RFC 3339 or null, durations as format_duration writes
/// them, JSON texts appear as JSON.
boost::json::object task_to_json(const Task& task);

/// One line of a task's history, likewise.
boost::json::object history_to_json(const HistoryEntry& entry);

/// What keeps a task from going on, likewise: {id, state, now, ahead, conditions}.
boost::json::object why_to_json(const WhyParams& params,
                                const std::vector<WhyCondition>& conditions);

/// A file that a task left behind, likewise.
boost::json::object artifact_to_json(const Artifact& artifact);

/// A retry policy, likewise.
boost::json::object retry_to_json(const RetryPolicy& policy);

/// RFC 3339, or null for a time that is not set.
boost::json::value time_to_json(Time time);

/// The value that a stored JSON text stands for; null for an empty one, and the text itself as a
/// string if it is not JSON.
boost::json::value text_to_json(std::string_view text);

}  // namespace waybill
