#pragma once

#include <string>

#include "apps/waybill/cli/output.h"
#include "services/scan.h"

namespace waybill::cli {

/// That aggregations were left out since no task can hold them, and what to do.
std::string too_large(const ScanReport& report);

/// A pass for people: what was scheduled, what was skipped and why, and how long it took.
void print_scan(Output& output, const ScanReport& report);

}  // namespace waybill::cli
