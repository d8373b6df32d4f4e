#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/definition.h"

namespace waybill {

/// The task definitions that a scan makes tasks of.
std::vector<std::string> tasks_of(const ScanDefinition& scan);

/// All buckets of a scan; one may come twice.
std::vector<std::string> bucket_urls(const ScanDefinition& scan);

/// The bucket that a listing calls `source`, and the one that markers are written to.
/// `invalid_argument` for a name that the scan does not have.
Result<std::string> bucket_url(const ScanDefinition& scan, std::string_view source);
std::string marker_url(const ScanDefinition& scan);

}  // namespace waybill
