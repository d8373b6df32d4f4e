#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <set>
#include <string>

#include "base/result.h"
#include "core/definition.h"
#include "core/queue_settings.h"
#include "services/ledger_parts.h"

namespace waybill {

/// A queue as people and programs see it.
struct QueueView {
  QueueSettings settings;
  QueueCounts counts;
};

/// Every queue that is configured or has had a task, by name.
Result<std::map<std::string, QueueView>> queue_views(const LedgerParts& parts);

/// Names of the queues that a ledger speaks of: those of queue_views, of its workers and schedules.
Result<std::set<std::string>> queues_in(const LedgerParts& parts);
/// Names of the queues that definitions speak of, and of the one that tasks without a queue go to.
std::set<std::string> queues_in(const Definitions& definitions);
/// Why a queue that neither speaks of is not paused and not resumed: `not_found`.
Error unknown_queue(const std::string& name, const std::set<std::string>& known);

/// In the one form that the command line and APIs share (docs/reference/cli-json.md).
boost::json::object queue_to_json(const QueueView& view);

}  // namespace waybill
