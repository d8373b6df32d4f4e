#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "base/result.h"
#include "ports/chronicle.h"
#include "services/scan_report.h"

namespace waybill {

/// A pass for programs (docs/reference/cli-json.md). What is no UTF-8 in names stands there
/// as `\xNN`.
boost::json::object scan_to_json(const ScanReport& report);

/// Of what a pass did with its tasks, and of what it skipped, at most so many are kept.
inline constexpr std::size_t kScanItemsKept = 2000;

/// A pass, as it is kept for those who look later: as scan_to_json without the params of tasks,
/// which the tasks have; `left_out` counts what is over kScanItemsKept. `at`: when it was made.
ScanPass scan_pass_of(const std::string& scan, const Result<ScanReport>& report, Time at);

/// A pass for programs, with its report unless it is of a list. `data_loss` if what was kept cannot
/// be read.
Result<boost::json::object> scan_pass_to_json(const ScanPass& pass, bool with_report);

}  // namespace waybill
