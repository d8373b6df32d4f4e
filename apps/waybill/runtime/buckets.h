#pragma once

#include "services/scan.h"

namespace waybill::cli {

/// Opens buckets by their URL: `file:///…`. Each is opened once and shared. Thread-safe.
OpenBucket bucket_opener();

}  // namespace waybill::cli
