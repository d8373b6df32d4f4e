#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "ports/audit_log.h"

namespace waybill {

/// "done", "refused", "failed".
std::string_view to_string(AuditOutcome outcome);

/// In the one form that the command line and APIs share (docs/reference/cli-json.md):
/// {entries, next_cursor}.
boost::json::object audit_to_json(const AuditPage& page);

}  // namespace waybill
