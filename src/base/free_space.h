#pragma once

#include <cstdint>
#include <string>

#include "base/file_descriptor.h"
#include "base/result.h"

namespace waybill {

/// `resource_exhausted` if a file of so many bytes would leave less than 128 MiB, or a twentieth of
/// a small file system, for what else is on it: the ledger may be, and it must go on. `directory`
/// is open; `what` is for errors.
Status require_free_space(const FileDescriptor& directory, std::int64_t bytes,
                          const std::string& what);

}  // namespace waybill
