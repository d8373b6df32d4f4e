#pragma once

#include <string>

#include "base/result.h"

namespace waybill::cli {

/// Of a file: its bytes, and whether it is executable. Of a directory: those of all files in it
/// with their paths; links and what is git's own are passed over, as in what is kept of a
/// repository. `not_found` if it is neither; `resource_exhausted` for more than a repository may
/// have.
Result<std::string> digest_of_files(const std::string& path);

}  // namespace waybill::cli
