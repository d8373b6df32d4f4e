#pragma once

#include <boost/json/fwd.hpp>
#include <string_view>

#include "apps/waybill/session.h"
#include "services/scan.h"

namespace waybill::cli {

/// After --json, says on stdout what a process that goes on has come to: one object a line, with
/// `event` and `at` before the fields (docs/reference/cli-json.md). Otherwise nothing. Thread-safe.
void tell_event(Session& session, std::string_view event, boost::json::object fields);

/// The event of one pass of a scan, for Scanner's observer: `scanned` or `scan_failed`.
void tell_scan(Session& session, const Result<ScanReport>& report);

}  // namespace waybill::cli
