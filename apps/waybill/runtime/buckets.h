#pragma once

#include <stop_token>

#include "services/scan.h"

namespace waybill::cli {

/// Opens buckets by their URL: `file:///…`, `s3://REGION/NAME`, `gs://NAME`, those of the clouds as
/// whom this process's environment says. Each is opened once and shared; the clock, and the
/// function or a copy of it, outlive it. `stop` ends requests that wait. Thread-safe.
OpenBucket bucket_opener(Clock& clock, std::stop_token stop);

}  // namespace waybill::cli
