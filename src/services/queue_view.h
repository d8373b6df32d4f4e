#pragma once

#include <boost/json/fwd.hpp>
#include <map>
#include <string>

#include "base/result.h"
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

/// In the one form that the command line and APIs share (docs/reference/cli-json.md).
boost::json::object queue_to_json(const QueueView& view);

}  // namespace waybill
