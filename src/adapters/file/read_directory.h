#pragma once

#include <string>

#include "adapters/file/key_walk.h"
#include "base/result.h"

namespace waybill {

/// The keys of a bucket's directory that begin with `prefix` (see KeyWalk::ReadDirectory).
/// `permission_denied` and `unavailable` name the directory.
Result<DirectoryKeys> read_directory(const std::string& bucket, const std::string& prefix,
                                     const KeyRange& range);

}  // namespace waybill
