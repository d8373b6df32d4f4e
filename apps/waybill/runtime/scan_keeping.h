#pragma once

#include <string>

#include "apps/waybill/store.h"
#include "base/result.h"
#include "core/definition.h"
#include "services/scan_report.h"

namespace waybill::cli {

/// Keeps what a pass of a scan found for those who look later. That it cannot be kept is logged,
/// and stops nothing.
void keep_scan(Store& store, const std::string& scan, const Result<ScanReport>& report);

/// Keeps what definitions say, if it is something else than before; likewise.
void keep_definitions(Store& store, const Definitions& definitions);

}  // namespace waybill::cli
