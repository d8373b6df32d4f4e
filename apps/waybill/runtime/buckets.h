#pragma once

#include "services/scan.h"

namespace waybill::cli {

/// Opens buckets by their URL: `file:///…`. Each is opened once and shared. The clock outlives it.
/// Thread-safe.
OpenBucket bucket_opener(Clock& clock);

}  // namespace waybill::cli
